import {hash} from 'node:crypto';

/** Names content by its SHA-256, in hex. */
export const contentHash = (content: string | Uint8Array): string => hash('sha256', content);
