/**
 * Every flag of `kcp start` that changes something, by section of the help, and those of other servers that are taken and ignored. A flag's name is its key
 * in kebab case; its type decides how it is read and what the configuration holds.
 */

export type Flag =
  | {readonly type: 'text'; readonly fallback: string; readonly help: string}
  | {readonly type: 'choice'; readonly fallback: string; readonly choices: readonly string[]; readonly help: string}
  | {readonly type: 'switch'; readonly fallback: boolean; readonly help: string}
  | {readonly type: 'count'; readonly fallback: number; readonly max: number; readonly help: string}
  | {readonly type: 'duration'; readonly fallback: number; readonly help: string}
  /** `whole`: commas belong to the items. */
  | {readonly type: 'list'; readonly fallback: readonly string[]; readonly help: string; readonly whole?: true};

const text = (fallback: string, help: string) => ({type: 'text', fallback, help}) as const;
const onOff = (fallback: boolean, help: string) => ({type: 'switch', fallback, help}) as const;
const count = (fallback: number, max: number, help: string) => ({type: 'count', fallback, max, help}) as const;
const list = (fallback: readonly string[], help: string) => ({type: 'list', fallback, help}) as const;
/** One item for each time that the flag is given. */
const items = (help: string) => ({type: 'list', fallback: [] as readonly string[], help, whole: true}) as const;
const choice = <const C extends string>(fallback: C, choices: readonly C[], help: string) =>
  ({type: 'choice', fallback, choices, help}) as const;
/** In milliseconds. */
const duration = (fallback: number, help: string) => ({type: 'duration', fallback, help}) as const;

const place = {
  rootDirectory: text('.kcp', 'Folder of everything this server keeps. Empty: no files are made, and nothing is kept.'),
  storage: choice(
    'embedded',
    ['embedded', 'memory'],
    'Where objects live: in a file of the root directory, or in memory, gone at the end.',
  ),
  encryptionProviderConfig: text(
    '',
    'File with an EncryptionConfiguration: what is sealed in the store, and with which keys. Without it, Secrets are, with a key made in encryption.json of the root directory.',
  ),
  encryptionProviderConfigAutomaticReload: onOff(false, 'Read that file again when it changes. The one in the root directory always is.'),
  eventTtl: duration(3_600_000, 'How long Events are kept after they were last written. 0: for ever.'),
  kubeconfigPath: text('admin.kubeconfig', "The administrators' kubeconfig, written at every start. Relative to the root directory."),
  authenticationAdminTokenPath: text(
    '.admin-token-store',
    'Where the hash of the shard-admin token is kept. Relative to the root directory.',
  ),
};

const serving = {
  bindAddress: text('0.0.0.0', 'Address to listen on.'),
  securePort: count(6443, 65_535, 'Port to listen on, with TLS.'),
  experimentalBindFreePort: onOff(false, 'Take a free port; needs --secure-port=0. The kubeconfig tells which.'),
  tlsCertFile: text('', 'Serving certificate (and its chain), PEM. Without it, one is made and renewed in the root directory.'),
  tlsPrivateKeyFile: text('', 'Key of --tls-cert-file.'),
  certDir: text('', 'Folder of the serving certificate that is made. The root directory, if empty.'),
};

const authentication = {
  tokenAuthFile: text('', 'CSV file of static tokens: token,user,uid,"group1,group2".'),
  clientCaFile: text('', 'CA bundle of client certificates: the common name is the user, the organizations are the groups.'),
  anonymousAuth: onOff(true, 'Take requests without credentials as system:anonymous.'),
  requestheaderClientCaFile: text('', 'CA bundle of front proxies, whose X-Remote-* headers are believed.'),
  requestheaderAllowedNames: list([], 'Common names of those front proxies. Empty: all that the CA signed.'),
  requestheaderUsernameHeaders: list([], 'Headers of the user name.'),
  requestheaderGroupHeaders: list([], 'Headers of the groups.'),
  requestheaderExtraHeadersPrefix: list([], 'Prefixes of the headers of extra attributes.'),
  serviceAccountKeyFile: list([], 'Keys that verify tokens of service accounts. May be repeated.'),
  serviceAccountSigningKeyFile: text('', 'Key that signs tokens of service accounts. Without it, one is made in the root directory.'),
  serviceAccountPrivateKeyFile: text('', 'The same, when --service-account-signing-key-file is empty.'),
  serviceAccountIssuer: list(['https://kcp.default.svc'], 'Issuers of those tokens: the first signs, all are believed.'),
  serviceAccountMaxTokenExpiration: duration(0, 'The longest that tokens on request are good. 0: as long as is asked for.'),
  apiAudiences: list([], 'Audiences that tokens must name. The issuers, if empty.'),
  authenticationConfig: text(
    '',
    'File with an AuthenticationConfiguration: issuers whose JSON web tokens are believed, and where one may be anonymous. Read again when it changes.',
  ),
  oidcIssuerUrl: text('', 'The one issuer whose JSON web tokens are believed, instead of --authentication-config.'),
  oidcClientId: text('', 'Audience of its tokens.'),
  oidcUsernameClaim: text('sub', 'Claim that is the name of the user.'),
  oidcUsernamePrefix: text('', 'Put before the name. If empty: the issuer and # before all but email; - for nothing.'),
  oidcGroupsClaim: text('', 'Claim that lists the groups of the user.'),
  oidcGroupsPrefix: text('', 'Put before each group.'),
  oidcRequiredClaim: items('claim=value that its tokens must have. May be repeated.'),
  oidcSigningAlgs: list(['RS256'], 'Algorithms that its tokens may be signed with.'),
  oidcCaFile: text('', 'CA bundle that the issuer is signed by. The authorities of the system, if empty.'),
};

const authorization = {
  authorizationOrder: list(
    ['AlwaysAllowGroups', 'AlwaysAllowPaths', 'RBAC', 'Webhook'],
    'Whom to ask, in this order; the first that allows or denies has decided. Who is left out is not asked.',
  ),
  authorizationAlwaysAllowPaths: list(['/healthz', '/readyz', '/livez'], 'Paths open to everybody. A * at the end stands for anything.'),
  authorizationWebhookConfigFile: text(
    '',
    'Kubeconfig of a webhook that authorizes: its current context names the server, and the certificate or token to show it.',
  ),
  authorizationWebhookVersion: text('v1beta1', 'Version of SubjectAccessReview that the webhook is sent: v1 or v1beta1.'),
  authorizationWebhookCacheAuthorizedTtl: duration(300_000, 'How long its answer is kept when it allows. 0: not at all.'),
  authorizationWebhookCacheUnauthorizedTtl: duration(30_000, 'How long its other answers are kept. 0: not at all.'),
  enableAdmissionPlugins: list(
    [],
    'OwnerReferencesPermissionEnforcement: owners of an object are named only by those who may delete it, and block deletion only for those who may set the finalizers of the owner. All other checks there are always on.',
  ),
};

const fairness = {
  maxRequestsInflight: count(
    400,
    1_000_000,
    'Requests that read and are in flight at a time, without watches and those of system:masters. No workspace has more of them than are free, and no user in it more than half of that: alone, they get a half and a third. Who has to wait for a place takes turns with others for up to 5s, and then is told to come again (429). 0: no limit.',
  ),
  maxMutatingRequestsInflight: count(200, 1_000_000, 'The same for requests that write. 0: no limit.'),
  maxRequestsInflightPerUser: count(
    0,
    1_000_000,
    'How many of each sort one user may have in one workspace at most. 0: a third, when alone.',
  ),
  maxRequestsInflightPerWorkspace: count(0, 1_000_000, 'The same for all users of one workspace. 0: a half, when alone.'),
  loopTimePerUser: duration(
    100,
    'Time of the event loop, and of the thread for heavy requests, that one user may take in a second. Who takes more waits behind those who do not, as long as there are any; with more than 300 others, or 5s, 429. 0: no limit.',
  ),
  loopTimePerWorkspace: duration(200, 'The same for all users of one workspace.'),
  loopTimeBurst: duration(150, 'Such time that may be taken at once, before that.'),
  maxWatchesPerUser: count(10_000, 10_000_000, 'Watches that one user may have open. 0: no limit.'),
  maxWatchesPerWorkspace: count(10_000, 10_000_000, 'The same for all users of one workspace.'),
};

const kcp = {
  batteriesIncluded: list(
    ['admin', 'workspace-types'],
    'Default objects: admin, user, workspace-types, metrics-viewer. With + or - before each: changes to the defaults.',
  ),
  featureGates: list([], 'name=true|false pairs. May be repeated; names we do not know are ignored.'),
  enableHomeWorkspaces: onOff(true, 'Make a home workspace for a user who asks for it.'),
  homeWorkspacesHomeCreatorGroups: list(['system:authenticated'], 'Groups whose members get a home workspace.'),
  logicalClusterTotalObjectLimit: count(
    0,
    Number.MAX_SAFE_INTEGER,
    'Most objects in one workspace whose LogicalCluster says nothing else, but for root and Events. 0: no limit.',
  ),
  logicalClusterObjectCountScanInterval: duration(60_000, 'Of no effect: objects are counted as they come and go.'),
  runControllers: onOff(true, 'Run the controllers.'),
  runVirtualWorkspaces: onOff(true, 'Serve virtual workspaces.'),
};

const callingOut = {
  webhooksToPrivateAddresses: choice(
    'auto',
    ['auto', 'true', 'false'],
    'Whether the webhooks that tenants name may lie at loopback and private addresses. auto: if the server itself listens on loopback alone. Link-local addresses, where clouds hand out credentials, are never called.',
  ),
};

const sharding = {
  shardName: text('root', 'Name of this shard.'),
  shardBaseUrl: text('', 'URL of this shard. Its external address, if empty.'),
  shardExternalUrl: text('', 'URL that clients outside use. Its external address, if empty.'),
  shardVirtualWorkspaceUrl: text('', 'URL of the virtual workspaces of this shard. The base URL, if empty.'),
  shardVirtualWorkspaceCaFile: text('', 'CA bundle of that URL.'),
  shardClientCertFile: text('', 'Client certificate this shard shows to others.'),
  shardClientKeyFile: text('', 'Key of --shard-client-cert-file.'),
  shardKubeconfigFile: text('', 'Kubeconfig with administrator credentials for the other shards.'),
  rootShardKubeconfigFile: text('', 'Kubeconfig with administrator credentials for the root shard.'),
  cacheKubeconfig: text('', 'Kubeconfig of the cache server. Every shard but root needs it.'),
  logicalClusterAdminKubeconfig: text('', 'Kubeconfig of system:kcp:logical-cluster-admin for other shards.'),
  externalLogicalClusterAdminKubeconfig: text('', 'Kubeconfig of system:kcp:external-logical-cluster-admin for the external address.'),
  rootIdentitiesFile: text('', 'YAML file of identities of the APIExports in root.'),
  mountProxyClientCertFile: text('', 'Client certificate for mounted workspaces behind the front proxy.'),
  mountProxyClientKeyFile: text('', 'Key of --mount-proxy-client-cert-file.'),
  miniproxyMappingFile: text('', 'Development: more mappings of paths to backends.'),
};

const watching = {
  auditPolicyFile: text('', 'Policy of audit.k8s.io/v1: which requests are recorded, and how much of them. Without it, none are.'),
  auditLogPath: text(
    '',
    'File of the audit log, one event a line. - is standard output, whose readers lose lines that they do not take in time.',
  ),
  auditLogFormat: choice('json', ['json', 'legacy'], 'How its lines look; legacy ones are text and tell less.'),
  auditLogMode: choice(
    'blocking',
    ['batch', 'blocking', 'blocking-strict'],
    'When it is written. blocking: before a request goes on; a full disk costs lines. blocking-strict: requests whose arrival cannot be written are refused. batch: together, later.',
  ),
  auditLogMaxsize: count(100, 1024 * 1024, 'Megabytes of the file before it is put aside. 0: it never is.'),
  auditLogMaxbackup: count(100, 1_000_000, 'How many files that were put aside are kept. 0: all.'),
  auditLogMaxage: count(366, 1_000_000, 'Days for which they are kept. 0: for ever.'),
  auditLogCompress: onOff(false, 'Compress them with gzip.'),
  auditLogBatchBufferSize: count(10_000, 10_000_000, 'In batch mode, events that may wait; what comes beyond is lost.'),
  auditLogBatchMaxWait: duration(1_000, 'In batch mode, how long events wait.'),
  loggingFormat: choice('text', ['text', 'json'], 'How the log is written.'),
  v: count(2, 10, 'How much is logged: 4 and more tells everything.'),
};

export const sections = [
  ['Where it lives', place],
  ['Listening', serving],
  ['Who may come in', authentication],
  ['What they may do', authorization],
  ['How much they may have', fairness],
  ['Workspaces', kcp],
  ['Calling out', callingOut],
  ['Several shards', sharding],
  ['Audit and log', watching],
] as const;

export const table = {
  ...place,
  ...serving,
  ...authentication,
  ...authorization,
  ...fairness,
  ...kcp,
  ...callingOut,
  ...sharding,
  ...watching,
};

export type Table = typeof table;
export type Value<F> = F extends {readonly type: 'choice'; readonly choices: readonly (infer C)[]}
  ? C
  : F extends {readonly type: 'text'}
    ? string
    : F extends {readonly type: 'switch'}
      ? boolean
      : F extends {readonly type: 'list'}
        ? readonly string[]
        : number;
export type Values = {readonly [K in keyof Table]: Value<Table[K]>};

/** `shardBaseUrl` → `shard-base-url` */
export const flagName = (key: string): string => key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);

/** Of kcp and Kubernetes, of no meaning here: taken with their value and ignored. A trailing * stands for any end. */
export const ignoredFlags: readonly string[] = [
  'allow-metric-labels*',
  'audit-log-batch-*',
  'audit-log-truncate-*',
  'audit-log-version',
  'audit-webhook-*',
  'authentication-token-webhook-*',
  'cache-server-kubeconfig-file',
  'conversion-cel-transformation-timeout',
  'cors-allowed-origins',
  'default-watch-cache-size',
  'delete-collection-workers',
  'discovery-poll-interval',
  'embedded-etcd-*',
  'etcd-*',
  'external-hostname',
  'goaway-chance',
  'http2-max-streams-per-connection',
  'leader-election-*',
  'lease-reuse-duration-seconds',
  'livez-grace-period',
  'log-*',
  'min-request-timeout',
  'profiler-address',
  'request-timeout',
  'root-ca-file',
  'service-account-jwks-uri',
  'shard-replica-count',
  'shutdown-*',
  'stderrthreshold',
  'storage-backend',
  'storage-media-type',
  'strict-transport-security-directives',
  'tls-cipher-suites',
  'tls-min-version',
  'tls-sni-cert-key',
  'tracing-config-file',
  'unsupported-run-individual-controllers',
  'vmodule',
  'watch-cache-sizes',
];

/** Those of them that would promise something, so that only an empty value (or kcp's own `embedded`) is ignored. */
export const refusedFlags: readonly string[] = ['audit-webhook-config-file', 'authentication-token-webhook-config-file', 'etcd-servers'];

/** Those of them that take no value. */
export const ignoredSwitches: readonly string[] = [
  'add-dir-header',
  'alsologtostderr',
  'audit-log-batch-throttle-enable',
  'audit-log-truncate-enabled',
  'audit-webhook-batch-throttle-enable',
  'audit-webhook-truncate-enabled',
  'contention-profiling',
  'embedded-etcd-force-new-cluster',
  'enable-bootstrap-token-auth',
  'enable-leader-election',
  'logtostderr',
  'one-output',
  'permit-address-sharing',
  'permit-port-sharing',
  'profiling',
  'service-account-extend-token-expiration',
  'service-account-lookup',
  'shutdown-send-retry-after',
  'skip-headers',
  'watch-cache',
];
