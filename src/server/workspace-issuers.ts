import {typeLookup} from '../admission/lookups.ts';
import type {WorkspaceId} from '../api/cluster.ts';
import {MalformedConfig} from '../api/config-fields.ts';
import {summary} from '../api/field-error.ts';
import {dig, digString, isObject} from '../api/json.ts';
import {asJson} from '../api/object.ts';
import {readCompact} from '../auth/jwt/compact.ts';
import {compileConfig} from '../auth/jwt/compile.ts';
import {type JwtIssuer, readJwtIssuers} from '../auth/jwt/config.ts';
import type {IssuedTokens} from '../auth/jwt/issued-tokens.ts';
import {issuedTokens, signingAlgorithms} from '../auth/jwt/issued-tokens.ts';
import {type IssuerKeys, issuerKeys, type KeySources} from '../auth/jwt/issuer-keys.ts';
import {type WorkspaceTokens, withinWorkspace} from '../auth/jwt/workspace-user.ts';
import {BoundedCache} from '../registry/bounded-cache.ts';
import {builtInSection, keyOf} from '../registry/keys.ts';
import {logicalClusterKey, read} from '../registry/logical-clusters.ts';
import {peek} from '../registry/stored.ts';
import type {Entry, Storage} from '../storage/storage.ts';
import {annotations} from '../tenancy/names.ts';
import {parseType} from '../tenancy/workspace-types.ts';

const limits = {
  /** Of one type; what is beyond is not looked at. */
  configurationsMax: 16,
  configurationBytesMax: 256 * 1024,
  /** Of all the expressions of a configuration: compiling more would hold up everybody. */
  expressionCharsMax: 16 * 1024,
  /** Tokens of one configuration that are remembered as good. */
  goodMax: 10,
  /** What is held of all configurations, by the bytes they were read from and what each issuer may take beyond. */
  heldBytesMax: 64 * 1024 * 1024,
  issuerBytes: 256 * 1024,
  /** Whose keys are kept when configurations change, so that a tenant who writes in a loop does not have them fetched in one. */
  issuersMax: 128,
} as const;

const space = {group: 'tenancy.kcp.io', resource: 'workspaceauthenticationconfigurations', section: builtInSection} as const;

type Held = {readonly tokens: IssuedTokens; readonly bytes: number};

/**
 * Tokens of the issuers that the type of a workspace refers to, as they are now (spec kcp 7.5). What was compiled is shared by all the workspaces of the
 * type, for as long as the configuration stays as it is. `disallowed`: issuers that are the server's own.
 */
export function workspaceIssuers(store: Storage, sources: KeySources, disallowed: readonly string[]): WorkspaceTokens {
  const held = new BoundedCache<string, Held>(limits.heldBytesMax, ({bytes}) => bytes);
  const keys = new BoundedCache<string, IssuerKeys>(limits.issuersMax);
  const keysOf = (issuer: JwtIssuer['issuer']): IssuerKeys =>
    keys.getOrMake(JSON.stringify([issuer.url, issuer.discoveryURL, issuer.certificateAuthority]), () => issuerKeys(issuer, sources));
  const typeOf = typeLookup(store);

  const compiled = (entry: Entry): IssuedTokens =>
    held.getOrMake(`${entry.key}@${entry.revision}`, () => {
      const tokens = issuedTokens(sources, {goodMax: limits.goodMax, warm: false, keysOf});
      const bytes = entry.value.length * 4;
      try {
        if (entry.value.length > limits.configurationBytesMax)
          throw new MalformedConfig(`it is longer than ${limits.configurationBytesMax} bytes`);
        const jwt = readJwtIssuers(dig(asJson(peek(entry)), 'spec', 'jwt'));
        if (expressionChars(jwt) > limits.expressionCharsMax)
          throw new MalformedConfig(`its expressions are longer than ${limits.expressionCharsMax} characters`);
        const {errors, found} = compileConfig({jwt, anonymous: undefined}, disallowed);
        if (errors.length > 0) throw new MalformedConfig(summary(errors));
        tokens.configure(found, signingAlgorithms);
        return {tokens, bytes: bytes + jwt.length * limits.issuerBytes};
      } catch (err) {
        if (!(err instanceof MalformedConfig)) throw err;
        sources.log.warn('a WorkspaceAuthenticationConfiguration is unfit', {key: entry.key, why: err.message.slice(0, 1_000)});
        return {tokens, bytes};
      }
    }).tokens;

  const configurationsOf = async (workspace: WorkspaceId): Promise<readonly Entry[]> => {
    const logicalCluster = await read(store, logicalClusterKey(workspace));
    const ref = logicalCluster && parseType(peek(logicalCluster).metadata.annotations?.[annotations.type] ?? '');
    const type = ref && (await typeOf(ref.path, ref.name));
    const refs = type && dig(asJson(type.object), 'spec', 'authenticationConfigurations');
    const found: Entry[] = [];
    for (const each of Array.isArray(refs) ? refs.slice(0, limits.configurationsMax) : []) {
      const name = isObject(each) ? digString(each, 'name') : undefined;
      const entry = type && name ? await read(store, keyOf(space, type.cluster as WorkspaceId, undefined, name)) : undefined;
      if (entry) found.push(entry);
    }
    return found;
  };

  return {
    async identify(token, workspace) {
      // Whoever sends what is no such token is not to have us read anything.
      if (!readCompact(token)) return undefined;
      let refused: {readonly why: string} | undefined;
      for (const entry of await configurationsOf(workspace)) {
        const found = await compiled(entry).identify(token);
        const mapped = found && withinWorkspace(found, workspace);
        if (mapped && 'user' in mapped) return mapped;
        refused ??= mapped;
      }
      return refused;
    },
  };
}

function expressionChars(jwt: readonly JwtIssuer[]): number {
  const expressions = jwt.flatMap(({claimValidationRules, claimMappings: {username, groups, uid, extra}, userValidationRules}) => [
    ...[...claimValidationRules, username, groups, uid, ...userValidationRules].map(each => each.expression),
    ...extra.map(each => each.valueExpression),
  ]);
  return expressions.reduce((sum, each) => sum + each.length, 0);
}
