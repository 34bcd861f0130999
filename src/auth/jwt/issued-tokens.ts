/** Tokens of issuers that the server was told to believe (spec kubernetes-api 10.1, 10.3). */
import {createHash} from 'node:crypto';
import type {User} from '../user.ts';
import {type Compact, readCompact} from './compact.ts';
import type {CompiledIssuer} from './compile.ts';
import type {JwtIssuer} from './config.ts';
import {type IssuerKeys, issuerKeys, type KeySources, KeysUnavailable} from './issuer-keys.ts';
import {type Mapped, userOf} from './to-user.ts';

export type IssuedTokens = {
  /** Whose a token is, or why it logs in nobody; undefined when it is of no issuer that is known. Never rejects. */
  identify(token: string): Promise<Mapped | undefined>;
};

export type ConfiguredTokens = IssuedTokens & {
  /** Believes these issuers from now on, and no others. */
  configure(issuers: readonly CompiledIssuer[], algorithms: readonly string[]): void;
};

/** Those that Kubernetes takes. None is made with a secret that both sides know. */
export const signingAlgorithms: readonly string[] = ['ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512'];

const limits = {
  /** Tokens that were good lately, and for how long that is remembered, as in Kubernetes. */
  goodMax: 1_000,
  goodMs: 10_000,
  /** The issuer's clock may be ahead by so much. */
  notBeforeLeewaySeconds: 60,
} as const;

type Issuer = {readonly compiled: CompiledIssuer; readonly keys: IssuerKeys};

export type IssuedTokenOptions = {
  /** Tokens that are remembered. */
  readonly goodMax: number;
  /** Keys are fetched before anybody needs them. */
  readonly warm: boolean;
  /** The keys of an issuer, where they are shared with others. */
  readonly keysOf: (issuer: JwtIssuer['issuer']) => IssuerKeys;
};

export function issuedTokens(sources: KeySources, options: Partial<IssuedTokenOptions> = {}): ConfiguredTokens {
  const {clock} = sources;
  const {goodMax = limits.goodMax, warm = true, keysOf = (issuer: JwtIssuer['issuer']) => issuerKeys(issuer, sources)} = options;
  let issuers: ReadonlyMap<string, Issuer> = new Map();
  let believed: readonly string[] = [];
  const good = new Map<string, {readonly user: User; readonly untilMs: number}>();

  async function verify(token: string, compact: Compact, {compiled, keys}: Issuer): Promise<Mapped> {
    const why =
      misdirected(compact, compiled.config.issuer.audiences) ??
      untimely(compact, clock.now()) ??
      (believed.includes(compact.algorithm)
        ? undefined
        : `oidc: id token signed with unsupported algorithm, expected ${quoted(believed)} got ${JSON.stringify(compact.algorithm.slice(0, 20))}`);
    if (why !== undefined) return {why: `oidc: verify token: ${why}`};
    for (const key of await keys.find(compact.kid, compact.algorithm))
      if (await key.signed(token, compact.algorithm)) return userOf(compact.claims, compiled);
    return {why: 'oidc: verify token: failed to verify signature: failed to verify id token signature'};
  }

  return {
    configure(compiled, algorithms) {
      const before = new Map([...issuers.values()].map(({compiled: one, keys}) => [JSON.stringify(one.config.issuer), keys]));
      issuers = new Map(
        compiled.map(one => {
          const {issuer} = one.config;
          return [issuer.url, {compiled: one, keys: before.get(JSON.stringify(issuer)) ?? keysOf(issuer)}];
        }),
      );
      believed = algorithms.filter(each => signingAlgorithms.includes(each));
      good.clear();
      if (warm) for (const {keys} of issuers.values()) keys.warm();
    },
    async identify(token) {
      if (issuers.size === 0) return undefined;
      const compact = readCompact(token);
      const current = issuers;
      const issuer = compact && current.get(issuerOf(compact));
      if (!issuer) return undefined;
      const digest = createHash('sha256').update(token).digest('base64');
      const known = good.get(digest);
      const nowMs = clock.now();
      if (known && known.untilMs > nowMs) return {user: known.user};
      good.delete(digest);
      try {
        const found = await verify(token, compact, issuer);
        // The configuration may have changed meanwhile.
        if ('user' in found && issuers === current) {
          const oldest = good.size >= goodMax ? good.keys().next().value : undefined;
          if (oldest !== undefined) good.delete(oldest);
          good.set(digest, {user: found.user, untilMs: Math.min(nowMs + limits.goodMs, (compact.expires ?? 0) * 1000)});
        }
        return found;
      } catch (err) {
        if (err instanceof KeysUnavailable) return {why: `oidc: ${err.message}`};
        throw err;
      }
    },
  };
}

/** Google's tokens once named their issuer without its scheme, and are still taken. */
const issuerOf = ({issuer}: Compact): string => (issuer === 'accounts.google.com' ? `https://${issuer}` : issuer);

function misdirected({audiences}: Compact, wanted: readonly string[]): string | undefined {
  if (audiences.some(audience => wanted.includes(audience))) return undefined;
  const [only = ''] = wanted;
  const expected = wanted.length === 1 ? JSON.stringify(only) : `in ${quoted([...wanted].sort())}`;
  return `oidc: expected audience ${expected} got ${quoted(audiences.slice(0, shownMax))}`;
}

/** Audiences of a token that are repeated in an error. */
const shownMax = 16;

function untimely({expires, notBefore}: Compact, nowMs: number): string | undefined {
  const now = nowMs / 1000;
  if (expires === undefined || expires < now) return `oidc: token is expired (Token Expiry: ${goTime(expires)})`;
  if (notBefore !== undefined && now + limits.notBeforeLeewaySeconds < notBefore)
    return `oidc: current time ${goTime(now)} before the nbf (not before) time: ${goTime(notBefore)}`;
  return undefined;
}

/** As Go prints a list of texts. */
const quoted = (texts: readonly string[]): string => `[${texts.map(text => JSON.stringify(text)).join(' ')}]`;

/** As Go prints a time; what no Date holds is printed as it is. */
function goTime(secondsSinceEpoch: number | undefined): string {
  if (secondsSinceEpoch === undefined) return '0001-01-01 00:00:00 +0000 UTC';
  const date = new Date(secondsSinceEpoch * 1000);
  return Number.isNaN(date.getTime()) ? String(secondsSinceEpoch) : `${date.toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`;
}
