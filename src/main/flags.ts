/** What was typed after `kcp start`, as one frozen value. */
import {resolve} from 'node:path';
import {ownerReferences} from '../admission/owner-references.ts';
import {nearestWord} from '../api/near-words.ts';
import {signingAlgorithms} from '../auth/jwt/issued-tokens.ts';
import {type AuthorizerName, isAuthorizerName, openPaths} from '../auth/order.ts';
import {type Flag, flagName, ignoredFlags, ignoredSwitches, refusedFlags, sections, table, type Values} from './flag-table.ts';

export type Battery = (typeof allBatteries)[number];
const allBatteries = ['admin', 'metrics-viewer', 'user', 'workspace-types'] as const;

/** Feature gates of kcp; all are off unless asked for. */
export const knownGates = [
  'CacheAPIs',
  'EnableDeprecatedAPIExportVirtualWorkspacesUrls',
  'LogicalClusterMigration',
  'StorageVersionAPI',
  'WorkspaceAuthentication',
  'WorkspaceMounts',
] as const;
export type Gate = (typeof knownGates)[number];

/** Paths of files are absolute or empty. Durations are in milliseconds. */
export type Config = Omit<
  Values,
  'batteriesIncluded' | 'featureGates' | 'authenticationAdminTokenPath' | 'certDir' | 'webhooksToPrivateAddresses' | 'authorizationOrder'
> & {
  readonly authorizationOrder: readonly AuthorizerName[];
  readonly batteries: ReadonlySet<Battery>;
  readonly featureGates: ReadonlySet<Gate>;
  readonly adminTokenPath: string;
  /** Where `apiserver.crt` and its like are kept. */
  readonly certificateDirectory: string;
  readonly webhooksToPrivateAddresses: boolean;
  /** Gates and flags that were ignored, for the log. */
  readonly ignored: readonly string[];
};

/** What was typed cannot be meant. The message is for people, a line a mistake. */
export class FlagError extends Error {}

/**
 * Reads flags as kcp does: `--name value` and `--name=value`, switches also alone; lists repeated and by commas.
 * @param workingDirectory what relative paths begin from
 * @returns the text of the help, if that was asked for
 * @throws FlagError with everything that is wrong
 */
export function parseFlags(argv: readonly string[], workingDirectory: string): {readonly help: string} | {readonly config: Config} {
  if (argv.some(arg => arg === '--help' || arg === '-h' || arg === 'options')) return {help: helpText()};
  const found = read(argv);
  const values = Object.fromEntries(
    Object.entries(table).map(([key, flag]) => [key, readValue(flag, flagName(key), found.texts.get(flagName(key)))]),
  ) as Values;
  const problems = problemsOf(values);
  if (problems.length > 0) throw new FlagError(problems.join('\n'));
  return {config: complete(values, found.ignored, workingDirectory)};
}

type Found = {readonly texts: ReadonlyMap<string, readonly string[]>; readonly ignored: readonly string[]};

const byName: ReadonlyMap<string, Flag> = new Map(Object.entries(table).map(([key, flag]) => [flagName(key), flag]));

function read(argv: readonly string[]): Found {
  const texts = new Map<string, string[]>();
  const ignored: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] as string;
    const [, name, inline] = /^(?:--|-(?=v))([a-z0-9][\w-]*?)(?:=(.*))?$/s.exec(arg.replace(/^-v(\d+)$/, '-v=$1')) ?? [];
    if (name === undefined) throw new FlagError(`unexpected argument: ${arg}`);
    const flag = byName.get(name);
    const alone = flag ? flag.type === 'switch' : ignoredSwitches.includes(name);
    if (!flag && !alone && !isIgnored(name)) throw new FlagError(unknownFlag(name));
    let value = inline;
    if (value === undefined && alone) value = 'true';
    if (value === undefined) value = argv[++i];
    if (value === undefined) throw new FlagError(`flag needs an argument: --${name}`);
    if (!flag && refusedFlags.includes(name) && value !== '' && value !== 'embedded')
      throw new FlagError(`--${name} is not supported, and ignoring it would promise what is not done`);
    if (!flag) ignored.push(`--${name}`);
    else texts.set(name, [...(texts.get(name) ?? []), value]);
  }
  return {texts, ignored};
}

const isIgnored = (name: string): boolean =>
  ignoredFlags.some(known => (known.endsWith('*') ? name.startsWith(known.slice(0, -1)) : known === name));

function unknownFlag(name: string): string {
  const nearest = nearestWord(name, [...byName.keys()]);
  return `unknown flag: --${name}${nearest === undefined ? '' : `; did you mean --${nearest}?`}`;
}

function readValue(flag: Flag, name: string, texts: readonly string[] | undefined): string | number | boolean | readonly string[] {
  const last = texts?.at(-1);
  if (texts === undefined || last === undefined) return flag.fallback;
  const refuse = (why: string): never => {
    throw new FlagError(`invalid argument "${last}" for "--${name}" flag: ${why}`);
  };
  switch (flag.type) {
    case 'text':
      return last;
    case 'choice':
      return flag.choices.includes(last) ? last : refuse(`must be one of ${flag.choices.join(', ')}`);
    case 'switch':
      return truth(last) ?? refuse('must be true or false');
    case 'count': {
      const number = /^\d+$/.test(last) ? Number(last) : Number.NaN;
      return number <= flag.max ? number : refuse(`must be a whole number up to ${flag.max}`);
    }
    case 'duration':
      return durationMs(last) ?? refuse('must be a duration such as 1m30s');
    case 'list':
      return texts.flatMap(text => (flag.whole ? [text] : text.split(','))).filter(part => part !== '');
  }
}

const truths: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'true'].map(text => [text, true] as const),
  ...['0', 'f', 'false'].map(text => [text, false] as const),
]);
const truth = (text: string): boolean | undefined => truths.get(text.toLowerCase());

const unitMs: ReadonlyMap<string, number> = new Map(Object.entries({ms: 1, s: 1000, m: 60_000, h: 3_600_000}));

/** A duration as Go writes it, without signs and units below a millisecond. */
function durationMs(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * (unitMs.get(unit as string) as number),
    0,
  );
}

function problemsOf(values: Values): readonly string[] {
  const problems: string[] = [...batteryProblems(values.batteriesIncluded), ...gateProblems(values.featureGates)];
  const needs = (given: boolean, needed: boolean, message: string): void => {
    if (given && !needed) problems.push(message);
  };
  needs(values.experimentalBindFreePort, values.securePort === 0, '--secure-port=0 required if --experimental-bind-free-port is set');
  needs(values.shardName !== 'root', values.cacheKubeconfig !== '', '--cache-kubeconfig is required for non-root shards');
  needs(
    values.logicalClusterAdminKubeconfig !== '',
    values.shardExternalUrl !== '',
    '--shard-external-url is required if --logical-cluster-admin-kubeconfig is set',
  );
  needs(values.tlsCertFile !== '', values.tlsPrivateKeyFile !== '', '--tls-private-key-file is required if --tls-cert-file is set');
  needs(values.tlsPrivateKeyFile !== '', values.tlsCertFile !== '', '--tls-cert-file is required if --tls-private-key-file is set');
  needs(values.serviceAccountIssuer.length === 0, false, '--service-account-issuer must not be empty');
  const longest = values.serviceAccountMaxTokenExpiration;
  needs(
    longest !== 0,
    longest >= 3_600_000 && longest <= 2 ** 32 * 1000,
    '--service-account-max-token-expiration must be between 1 hour and 2^32 seconds',
  );
  needs(
    values.encryptionProviderConfigAutomaticReload,
    values.encryptionProviderConfig !== '',
    '--encryption-provider-config-automatic-reload must be set with --encryption-provider-config',
  );
  problems.push(...oidcProblems(values), ...authorizationProblems(values), ...admissionProblems(values));
  needs(values.storage === 'embedded', values.rootDirectory !== '', '--storage=memory is required if --root-directory is empty');
  return problems;
}

function oidcProblems(values: Values): readonly string[] {
  const given = Object.entries(table).some(
    ([key, flag]) => key.startsWith('oidc') && String(values[key as keyof Values]) !== String(flag.fallback),
  );
  if (!given) return [];
  if (values.authenticationConfig !== '') return ['authentication-config file and oidc-* flags are mutually exclusive'];
  const problems: string[] = [];
  if (values.oidcIssuerUrl === '' || values.oidcClientId === '')
    problems.push('oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set');
  for (const algorithm of values.oidcSigningAlgs)
    if (!signingAlgorithms.includes(algorithm)) problems.push(`oidc: unsupported signing alg: ${JSON.stringify(algorithm)}`);
  for (const pair of values.oidcRequiredClaim)
    if (!pair.includes('='))
      problems.push(`invalid argument "${pair}" for "--oidc-required-claim" flag: malformed pair, expect string=string`);
  return problems;
}

function authorizationProblems({authorizationOrder, authorizationAlwaysAllowPaths}: Values): readonly string[] {
  const unknown = authorizationOrder.filter(name => !isAuthorizerName(name));
  const problems = unknown.map(name => `invalid authorizer: ${JSON.stringify(name)}`);
  try {
    openPaths(authorizationAlwaysAllowPaths);
  } catch (err) {
    problems.push((err as Error).message);
  }
  return problems;
}

const admissionProblems = ({enableAdmissionPlugins}: Values): readonly string[] =>
  enableAdmissionPlugins
    .filter(name => name !== ownerReferences.name)
    .map(name => `enable-admission-plugins plugin ${JSON.stringify(name)} is unknown`);

function batteryProblems(given: readonly string[]): readonly string[] {
  const changes = given.filter(name => /^[+-]/.test(name));
  if (changes.length > 0 && changes.length < given.length) return ['--batteries-included must all be prefixed with + or - or none'];
  const unknown = given.map(name => name.replace(/^[+-]/, '')).filter(name => !allBatteries.some(known => known === name));
  if (unknown.length > 0) return unknown.map(name => `unknown battery: ${name}`);
  const included = batteriesOf(given);
  return included.has('user') && !included.has('admin') ? ['battery user enabled which requires admin as well'] : [];
}

function batteriesOf(given: readonly string[]): ReadonlySet<Battery> {
  const changes = given.some(name => /^[+-]/.test(name));
  const included = new Set<string>(changes ? table.batteriesIncluded.fallback : given);
  for (const name of changes ? given : []) {
    if (name.startsWith('+')) included.add(name.slice(1));
    else included.delete(name.slice(1));
  }
  return included as ReadonlySet<string> as ReadonlySet<Battery>;
}

/** Names and values; the last of a name wins. */
const gatePairs = (given: readonly string[]): readonly (readonly [string, string])[] =>
  given.map(pair => {
    const [name = '', value = ''] = pair.split('=');
    return [name.trim(), value.trim()];
  });

const gateProblems = (given: readonly string[]): readonly string[] =>
  gatePairs(given)
    .filter(([, value]) => truth(value) === undefined)
    .map(([name, value]) => `--feature-gates: ${name} must be true or false, not "${value}"`);

const isKnownGate = (name: string): name is Gate => knownGates.some(known => known === name);

function complete(values: Values, ignored: readonly string[], workingDirectory: string): Config {
  const {batteriesIncluded, featureGates, authenticationAdminTokenPath, certDir, webhooksToPrivateAddresses, ...rest} = values;
  const gates = new Map(gatePairs(featureGates).map(([name, value]) => [name, truth(value)]));
  const path = (text: string): string => (text === '' ? '' : resolve(workingDirectory, text));
  const rootDirectory = path(values.rootDirectory);
  const inRoot = (text: string): string => {
    if (rootDirectory !== '') return text === '' ? '' : resolve(rootDirectory, text);
    return text === table.kubeconfigPath.fallback || text === table.authenticationAdminTokenPath.fallback ? '' : path(text);
  };
  const files = Object.fromEntries(
    Object.entries(rest)
      .filter(
        ([key]) =>
          key.endsWith('File') ||
          key === 'cacheKubeconfig' ||
          key === 'authenticationConfig' ||
          key === 'encryptionProviderConfig' ||
          key.endsWith('AdminKubeconfig'),
      )
      .map(([key, value]) => [key, typeof value === 'string' ? path(value) : (value as readonly string[]).map(path)]),
  );
  return Object.freeze({
    ...rest,
    ...files,
    rootDirectory,
    authorizationOrder: values.authorizationOrder.filter(isAuthorizerName),
    auditLogPath: values.auditLogPath === '-' ? '-' : path(values.auditLogPath),
    kubeconfigPath: inRoot(values.kubeconfigPath),
    adminTokenPath: inRoot(authenticationAdminTokenPath),
    certificateDirectory: certDir === '' ? rootDirectory : path(certDir),
    webhooksToPrivateAddresses:
      webhooksToPrivateAddresses === 'auto' ? isLoopback(values.bindAddress) : webhooksToPrivateAddresses === 'true',
    batteries: batteriesOf(batteriesIncluded),
    featureGates: new Set([...gates].filter(([, on]) => on).flatMap(([name]) => (isKnownGate(name) ? [name] : []))),
    ignored: [...ignored, ...[...gates.keys()].filter(name => !isKnownGate(name)).map(name => `feature gate ${name}`)],
  });
}

const isLoopback = (address: string): boolean => address === 'localhost' || address === '::1' || /^127(\.\d+){3}$/.test(address);

const helpWidth = 100;

function helpText(): string {
  const lines = [
    'Starts a server that holds a tree of workspaces.',
    '',
    'Usage: kcp start [flags]',
    ...sections.flatMap(([title, flags]) => ['', `${title}:`, ...Object.entries(flags).flatMap(([key, flag]) => flagHelp(key, flag))]),
    '',
    'Flags of etcd, klog and kube-apiserver that mean nothing here are taken and ignored.',
  ];
  return `${lines.join('\n')}\n`;
}

function flagHelp(key: string, flag: Flag): readonly string[] {
  const fallback = flag.type === 'duration' ? `${flag.fallback / 1000}s` : String(flag.fallback);
  const silent = fallback === '' || fallback === 'false' || fallback === '0';
  const words = `${flag.help}${silent ? '' : ` (${fallback.replaceAll(',', ', ')})`}`.split(' ');
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    if (line.length + word.length + 7 > helpWidth) {
      lines.push(line);
      line = '';
    }
    line += `${line === '' ? '' : ' '}${word}`;
  }
  const sample = flag.type === 'switch' ? '' : ` ${flag.type === 'choice' ? flag.choices.join('|') : flag.type}`;
  return [`  --${flagName(key)}${sample}`, ...[...lines, line].map(one => `      ${one}`)];
}
