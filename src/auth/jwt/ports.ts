/** What judging strangers' tokens needs of the world; `main` makes the real ones. */
import type {JsonObject} from '../../api/json.ts';

/** Documents of issuers, over HTTPS alone. */
export type Documents = {
  /** Follows no redirects. Never rejects. The problem tells nothing of what the server said. */
  get(wish: DocumentWish): Promise<{readonly bytes: Uint8Array} | {readonly problem: string}>;
};

export type DocumentWish = {
  readonly url: string;
  /** PEM certificates that its server must be signed by; those of the system when empty. */
  readonly certificateAuthority: string;
  readonly bytesMax: number;
  /** For everything, from finding the host to the last byte. */
  readonly timeoutMs: number;
};

/** A public key that signatures are checked with. */
export type SigningKey = {
  /** Whether signatures by this algorithm can be made with the key at all. */
  fits(algorithm: string): boolean;
  /** Whether it signed a token in compact form, by just this algorithm. Nothing else of the header is believed. Never rejects. */
  signed(token: string, algorithm: string): Promise<boolean>;
};

/** Reads a member of a JSON Web Key Set (RFC 7517); undefined when it is no key for signatures, or one that nobody should believe. */
export type ReadKey = (jwk: JsonObject) => SigningKey | undefined;
