import {createHash, timingSafeEqual} from 'node:crypto';
import type {WorkspaceId} from '../api/cluster.ts';
import type {JsonObject} from '../api/json.ts';
import {digString} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import type {World} from '../api/world.ts';
import type {AccountClaims} from './account-claims.ts';
import {decodeClaims, encodeClaims, secretIssuer} from './account-claims.ts';
import type {ServiceAccount} from './service-account.ts';
import {accountUser} from './service-account.ts';
import type {PublicKey, TokenKeys} from './token-keys.ts';
import type {User} from './user.ts';

/** Tokens of service accounts: made, and judged (spec kubernetes-api 10.2, kcp 7.2). */
export type AccountTokens = {
  /** Who issues them. */
  readonly issuer: string;
  /** Whom they are for when nobody says otherwise: this server. */
  readonly audiences: readonly string[];
  /** The longest that a token on request is good; 0: as long as is asked for. */
  readonly secondsMax: number;
  /** A token for so many seconds, and its id. `expires` is in seconds since the epoch. */
  request(wish: TokenWish): Promise<{readonly id: string; readonly token: string; readonly expires: number}>;
  /** The token that a Secret is to hold. It ends with the Secret. */
  forSecret(account: ServiceAccount, secretName: string): Promise<string>;
  /**
   * Whose a token is, for one of the audiences; undefined when it is none of ours. The signature is checked once, but every time whether the
   * account and the Secret it is bound to are still there.
   */
  identify(token: string, audiences: readonly string[]): Promise<Verdict | undefined>;
  publicKeys(): Promise<readonly PublicKey[]>;
};

export type TokenWish = {
  readonly account: ServiceAccount;
  readonly audiences: readonly string[];
  readonly seconds: number;
  readonly secret?: {readonly name: string; readonly uid: string} | undefined;
};

/** Whom a token logs in and for which of the audiences asked about; or why it logs in nobody. */
export type Verdict = {readonly user: User; readonly audiences: readonly string[]} | {readonly why: string};

/** The newest state of an object of the core group, to look at only; undefined when there is none. */
export type ReadObject = (
  workspace: WorkspaceId,
  plural: 'serviceaccounts' | 'secrets',
  namespace: string,
  name: string,
) => KubeObject | undefined | Promise<KubeObject | undefined>;

export const accountTokenLimits = {
  /** Longer ones are not looked at. */
  charsMax: 16 * 1024,
  /** Signatures that are remembered as good; one takes about a kilobyte. */
  verifiedMax: 4_000,
  /** Clocks of those who sign and those who look may differ by so much. */
  clockSkewSeconds: 60,
  /** What is being deleted counts as there for so long. */
  deletionGraceMs: 60_000,
} as const;

export type AccountTokenOptions = {
  readonly keys: TokenKeys;
  /** The first signs, all are believed. Never empty. */
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  readonly secondsMax: number;
  readonly world: Pick<World, 'now' | 'uid'>;
  readonly objects: ReadObject;
};

export function accountTokens({keys, issuers, audiences, secondsMax, world, objects}: AccountTokenOptions): AccountTokens {
  const issuer = issuers[0] as string;
  const believed = new Set([...issuers, secretIssuer]);
  const verified = new Map<string, Verified>();

  async function verify(token: string, digest: Buffer): Promise<Verified | undefined> {
    const key = digest.toString('base64');
    const known = verified.get(key);
    if (known) return known;
    const signed = await keys.claimsOf(token);
    const claims = signed && decodeClaims(signed);
    if (!claims || !believed.has(claims.issuer)) return undefined;
    const found = {claims, user: accountUser(claims.account, claims.request?.id)};
    const oldest = verified.size >= accountTokenLimits.verifiedMax ? verified.keys().next().value : undefined;
    if (oldest !== undefined) verified.delete(oldest);
    verified.set(key, found);
    return found;
  }

  return {
    issuer,
    audiences,
    secondsMax,
    async request({account, audiences: wanted, seconds, secret}) {
      const issuedAt = Math.floor(world.now() / 1000);
      const expires = issuedAt + seconds;
      const id = world.uid();
      const request = {id, audiences: wanted, issuedAt, notBefore: issuedAt, expires};
      return {id, token: await keys.sign(encodeClaims({issuer, account, ...(secret && {secret}), request})), expires};
    },
    forSecret: (account, name) => keys.sign(encodeClaims({issuer: secretIssuer, account, secret: {name}})),
    async identify(token, wanted) {
      if (token.length > accountTokenLimits.charsMax || !compactForm.test(token)) return undefined;
      const digest = createHash('sha256').update(token).digest();
      const found = await verify(token, digest);
      if (!found) return undefined;
      const {claims, user} = found;
      // Both lists may be as long as strangers like.
      const asked = new Set(wanted);
      const shared = (claims.request?.audiences ?? audiences).filter(one => asked.has(one));
      const why =
        untimely(claims, world.now()) ?? misdirected(claims, shared, wanted) ?? (await gone(claims, digest, world.now(), objects));
      return why === undefined ? {user, audiences: shared} : {why};
    },
    publicKeys: () => keys.publicKeys(),
  };
}

type Verified = {readonly claims: AccountClaims; readonly user: User};

/** Three parts in the URL-safe alphabet: tokens of other sorts cost no more than this. */
const compactForm = /^[\w-]+\.[\w-]+\.[\w-]+$/;

function untimely({request}: AccountClaims, nowMs: number): string | undefined {
  if (!request) return undefined;
  const now = nowMs / 1000;
  const skew = accountTokenLimits.clockSkewSeconds;
  if (now - skew > request.expires) return 'service account token has expired';
  if (now + skew < request.notBefore) return 'service account token is not valid yet';
  if (now + skew < request.issuedAt) return 'service account token is issued in the future';
  return undefined;
}

const misdirected = ({request}: AccountClaims, shared: readonly string[], wanted: readonly string[]): string | undefined =>
  shared.length > 0
    ? undefined
    : `token audiences ${printed(request?.audiences ?? [])} is invalid for the target audiences ${printed(wanted)}`;

const printedAudiencesMax = 16;
const printed = (audiences: readonly string[]): string => JSON.stringify(audiences.slice(0, printedAudiencesMax));

/** Why what the token stands for is not there any more. */
async function gone(
  {account, secret, request}: AccountClaims,
  digest: Buffer,
  nowMs: number,
  objects: ReadObject,
): Promise<string | undefined> {
  const {workspace, namespace, name, uid} = account;
  const found = await objects(workspace, 'serviceaccounts', namespace, name);
  if (!found || found.metadata.uid !== uid || isGone(found, nowMs)) return 'service account token has been invalidated';
  if (!secret) return undefined;
  const holder = await objects(workspace, 'secrets', namespace, secret.name);
  if (!holder || isGone(holder, nowMs)) return 'service account token has been invalidated';
  const same = request ? holder.metadata.uid === secret.uid : holds(asJson(holder), digest);
  return same ? undefined : 'service account token has been invalidated';
}

/** Whether a Secret holds the token of this digest. Digests are compared, so that the time it takes tells nothing of the token. */
function holds(secret: JsonObject, digest: Buffer): boolean {
  const token = Buffer.from(digString(secret, 'data', 'token') ?? '', 'base64');
  return timingSafeEqual(createHash('sha256').update(token).digest(), digest);
}

function isGone({metadata: {deletionTimestamp}}: KubeObject, nowMs: number): boolean {
  return deletionTimestamp !== undefined && Date.parse(deletionTimestamp) + accountTokenLimits.deletionGraceMs < nowMs;
}
