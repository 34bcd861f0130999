import type {JsonObject} from '../api/json.ts';

/** Signs and verifies JSON Web Tokens with keys of the server; `main` chooses how. */
export type TokenKeys = {
  /** A token of these claims, in compact form. */
  sign(claims: JsonObject): Promise<string>;
  /**
   * The claims of a token that one of the keys signed, with the algorithm of that key; undefined of any other text. Whatever the token, it
   * does not throw because of it.
   */
  claimsOf(token: string): Promise<JsonObject | undefined>;
  /** The public halves, as members of a JSON Web Key Set (RFC 7517), the one that signs first. */
  publicKeys(): Promise<readonly PublicKey[]>;
};

/** `alg` is the only algorithm that signatures of the key may have. */
export type PublicKey = JsonObject & {readonly kid: string; readonly alg: string};
