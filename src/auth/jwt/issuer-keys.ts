/** The keys of one issuer: found by its discovery document, kept, and renewed without letting strangers make us ask in a loop. */
import type {Json, JsonObject} from '../../api/json.ts';
import {dig, digString, isObject} from '../../api/json.ts';
import {parse} from '../../api/parse-json.ts';
import type {Clock, Log} from '../../api/world.ts';
import type {JwtIssuer} from './config.ts';
import type {Documents, ReadKey, SigningKey} from './ports.ts';

export const keyLimits = {
  /** Between two attempts to ask an issuer, however many tokens with unknown keys come. */
  retryMs: 10_000,
  /** Keys that are older are renewed while they go on being used. */
  refreshMs: 5 * 60_000,
  /** Keys that could not be renewed for so long are not believed any more. */
  keptMsMax: 24 * 60 * 60_000,
  /** For one document. */
  timeoutMs: 10_000,
  documentBytesMax: 256 * 1024,
  keysMax: 100,
  /** Keys that one token is tried with. */
  triedMax: 10,
  /** Requests that wait for the keys of one issuer. */
  waitingMax: 256,
} as const;

export type IssuerKeys = {
  /**
   * The keys that may have signed with this id and algorithm; all that fit when a token does not say which. An id that is not known has the issuer asked,
   * unless it was just asked.
   * @throws KeysUnavailable when there are no keys to judge by
   */
  find(kid: string | undefined, algorithm: string): Promise<readonly SigningKey[]>;
  /** Asks the issuer now, in the background. */
  warm(): void;
};

/** The message is the reason. */
export class KeysUnavailable extends Error {}

export type KeySources = {readonly documents: Documents; readonly readKey: ReadKey; readonly clock: Clock; readonly log: Log};

type Key = {readonly kid: string | undefined; readonly key: SigningKey};

export function issuerKeys(issuer: JwtIssuer['issuer'], sources: KeySources): IssuerKeys {
  const {clock, log} = sources;
  let keys: readonly Key[] | undefined;
  let fetchedMs = 0;
  let triedMs = Number.NEGATIVE_INFINITY;
  let underWay: Promise<void> | undefined;
  let waiting = 0;

  const load = async (): Promise<void> => {
    try {
      keys = await fetchKeys(issuer, sources);
      fetchedMs = clock.now();
    } catch (err) {
      log.warn('the keys of an issuer of tokens could not be fetched', {issuer: issuer.url, why: (err as Error).message});
    } finally {
      triedMs = clock.now();
      underWay = undefined;
    }
  };
  const ask = (): Promise<void> => {
    if (!underWay && clock.now() - triedMs >= keyLimits.retryMs) underWay = load();
    return underWay ?? Promise.resolve();
  };
  const known = (kid: string | undefined, algorithm: string): readonly SigningKey[] =>
    (keys ?? [])
      .filter(each => (kid === undefined || each.kid === kid) && each.key.fits(algorithm))
      .slice(0, keyLimits.triedMax)
      .map(each => each.key);

  return {
    warm: () => void ask(),
    async find(kid, algorithm) {
      const ageMs = clock.now() - fetchedMs;
      if (ageMs > keyLimits.keptMsMax) keys = undefined;
      const found = known(kid, algorithm);
      if (found.length > 0) {
        if (ageMs > keyLimits.refreshMs) void ask();
        return found;
      }
      if (waiting >= keyLimits.waitingMax) throw new KeysUnavailable('too many requests wait for the keys of the issuer');
      waiting++;
      try {
        await ask();
      } finally {
        waiting--;
      }
      if (!keys) throw new KeysUnavailable('authenticator not initialized');
      return known(kid, algorithm);
    },
  };
}

async function fetchKeys({url, discoveryURL, certificateAuthority}: JwtIssuer['issuer'], {documents, readKey}: KeySources): Promise<Key[]> {
  const fetchJson = async (at: string): Promise<Json> => {
    if (!/^https:\/\/[^/?#@]+([/?]|$)/i.test(at)) throw new KeysUnavailable('a document is not at an https URL');
    const {documentBytesMax: bytesMax, timeoutMs} = keyLimits;
    const answer = await documents.get({url: at, certificateAuthority, bytesMax, timeoutMs});
    if ('problem' in answer) throw new KeysUnavailable(`Get ${JSON.stringify(at)}: ${answer.problem}`);
    try {
      return parse(utf8.decode(answer.bytes));
    } catch {
      throw new KeysUnavailable(`Get ${JSON.stringify(at)}: the document is no JSON`);
    }
  };
  const discovery = await fetchJson(discoveryURL || `${url.replace(/\/$/, '')}/.well-known/openid-configuration`);
  const said = digString(discovery, 'issuer');
  if (said !== url)
    throw new KeysUnavailable(
      `oidc: issuer did not match the issuer returned by provider, expected ${JSON.stringify(url)} got ${JSON.stringify((said ?? '').slice(0, 200))}`,
    );
  const set = dig(await fetchJson(digString(discovery, 'jwks_uri') ?? ''), 'keys');
  if (!Array.isArray(set)) throw new KeysUnavailable('the document of the keys lists none');
  return set.slice(0, keyLimits.keysMax).flatMap(jwk => (isObject(jwk) ? keyOf(jwk, readKey) : []));
}

const utf8 = new TextDecoder('utf-8', {fatal: true});

function keyOf(jwk: JsonObject, readKey: ReadKey): Key[] {
  const key = readKey(jwk);
  return key ? [{kid: digString(jwk, 'kid'), key}] : [];
}
