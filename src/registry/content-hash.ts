import {createHash} from 'node:crypto';

/** Names content by its SHA-256, in hex. */
export const contentHash = (text: string): string => createHash('sha256').update(text).digest('hex');
