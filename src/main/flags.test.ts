import assert from 'node:assert/strict';
import {test} from 'node:test';
import {type Config, FlagError, parseFlags} from './flags.ts';

const config = (...argv: readonly string[]): Config => {
  const parsed = parseFlags(argv, '/home/me');
  assert.ok('config' in parsed);
  return parsed.config;
};
const refused = (argv: readonly string[], message: string | RegExp): void =>
  assert.throws(
    () => parseFlags(argv, '/home/me'),
    (err: unknown) => err instanceof FlagError && (typeof message === 'string' ? err.message === message : message.test(err.message)),
    argv.join(' '),
  );

test('without flags: what kcp does', () => {
  const found = config();
  assert.equal(found.rootDirectory, '/home/me/.kcp');
  assert.equal(found.kubeconfigPath, '/home/me/.kcp/admin.kubeconfig');
  assert.equal(found.adminTokenPath, '/home/me/.kcp/.admin-token-store');
  assert.equal(found.securePort, 6443);
  assert.equal(found.eventTtl, 3_600_000);
  assert.equal(found.storage, 'embedded');
  assert.equal(found.clientCaFile, '');
  assert.deepEqual([...found.batteries].toSorted(), ['admin', 'workspace-types']);
  assert.deepEqual(found.authorizationOrder, ['AlwaysAllowGroups', 'AlwaysAllowPaths', 'RBAC', 'Webhook']);
  assert.ok(Object.isFrozen(found));
});

test('the arguments of kcp’s own test framework', () => {
  const found = config(
    ...['--root-directory', 'data/kcp/main', '--secure-port=34567', '--embedded-etcd-client-port=1', '--embedded-etcd-peer-port=2'],
    ...['--embedded-etcd-wal-size-bytes=5000', '--kubeconfig-path=/data/kcp/main/admin.kubeconfig', '--audit-log-path', 'out/kcp.audit'],
    ...['--v=4', '--feature-gates=', '--bind-address=127.0.0.1', '--token-auth-file', 'tokens.csv', '--audit-policy-file', 'p.yaml'],
    ...['--feature-gates=WorkspaceMounts=true,CacheAPIs=true,WorkspaceAuthentication=true,LogicalClusterMigration=true'],
    ...['--feature-gates=CacheAPIs=false,WatchList=true', '--client-ca-file', 'tmp/client-ca.crt'],
    ...['--home-workspaces-home-creator-groups=team-1', '--logical-cluster-object-count-scan-interval=1s'],
    '--logical-cluster-total-object-limit=60',
  );
  assert.equal(found.rootDirectory, '/home/me/data/kcp/main');
  assert.equal(found.kubeconfigPath, '/data/kcp/main/admin.kubeconfig');
  assert.equal(found.auditLogPath, '/home/me/out/kcp.audit');
  assert.equal(found.tokenAuthFile, '/home/me/tokens.csv');
  assert.equal(found.v, 4);
  assert.deepEqual([...found.featureGates].toSorted(), ['LogicalClusterMigration', 'WorkspaceAuthentication', 'WorkspaceMounts']);
  assert.deepEqual(found.homeWorkspacesHomeCreatorGroups, ['team-1']);
  assert.equal(found.logicalClusterObjectCountScanInterval, 1000);
  assert.deepEqual(found.ignored, [
    '--embedded-etcd-client-port',
    '--embedded-etcd-peer-port',
    '--embedded-etcd-wal-size-bytes',
    'feature gate WatchList',
  ]);
});

test('the arguments of a shard beside others', () => {
  const found = config(
    ...['--shard-name=shard-1', '--cache-kubeconfig=cache.kubeconfig', '--shard-external-url=https://127.0.0.1:6443'],
    ...['--logical-cluster-admin-kubeconfig=a.kubeconfig', '--requestheader-allowed-names=kcp-front-proxy,kcp-mounts-proxy'],
    ...['--requestheader-username-headers', 'X-Remote-User', '--service-account-key-file=a.key', '--service-account-key-file=b.key'],
    ...['--audit-log-maxsize', '1024', '--audit-log-batch-throttle-enable', '--run-controllers', '--run-virtual-workspaces=false'],
  );
  assert.deepEqual(found.requestheaderAllowedNames, ['kcp-front-proxy', 'kcp-mounts-proxy']);
  assert.deepEqual(found.serviceAccountKeyFile, ['/home/me/a.key', '/home/me/b.key']);
  assert.equal(found.cacheKubeconfig, '/home/me/cache.kubeconfig');
  assert.equal(found.runControllers, true);
  assert.equal(found.runVirtualWorkspaces, false);
});

test('verbosity in every form it is typed', () => {
  for (const argv of [['-v=6'], ['-v', '6'], ['-v6'], ['--v', '6']]) assert.equal(config(...argv).v, 6, argv.join(' '));
});

test('batteries: a set, or changes to the defaults', () => {
  const batteries = (text: string): readonly string[] => [...config(`--batteries-included=${text}`).batteries].toSorted();
  assert.deepEqual(batteries('admin,user'), ['admin', 'user']);
  assert.deepEqual(batteries('+user,-workspace-types'), ['admin', 'user']);
  assert.deepEqual(batteries(''), []);
  refused(['--batteries-included=+user,admin'], '--batteries-included must all be prefixed with + or - or none');
  refused(['--batteries-included=admin,-user'], '--batteries-included must all be prefixed with + or - or none');
  refused(['--batteries-included=admin,toaster'], 'unknown battery: toaster');
  refused(['--batteries-included=user'], 'battery user enabled which requires admin as well');
  refused(['--batteries-included', '+user,-admin'], 'battery user enabled which requires admin as well');
});

test('mistakes are told by name, with what was probably meant', () => {
  refused(['--root-dirctory=x'], 'unknown flag: --root-dirctory; did you mean --root-directory?');
  refused(['--xyzzy'], 'unknown flag: --xyzzy');
  refused(['--secure-port'], 'flag needs an argument: --secure-port');
  refused(['--secure-port=70000'], /^invalid argument "70000" for "--secure-port" flag/);
  refused(['--secure-port=0x10'], /^invalid argument/);
  refused(['--run-controllers=maybe'], /must be true or false/);
  refused(['--logical-cluster-object-count-scan-interval=5'], /must be a duration/);
  refused(['--storage=tape'], /must be one of embedded, memory/);
  refused(['--feature-gates=CacheAPIs=perhaps'], /CacheAPIs must be true or false/);
  refused(['serve'], 'unexpected argument: serve');
  refused(['--experimental-bind-free-port', '--tls-cert-file=a'], /^--secure-port=0 required[^\n]*\n--tls-private-key-file is required/);
  refused(['--encryption-provider-config-automatic-reload'], /must be set with --encryption-provider-config/);
  refused(['--enable-admission-plugins=PodSecurity'], 'enable-admission-plugins plugin "PodSecurity" is unknown');
  refused(['--authorization-order=RBAC,ABAC'], 'invalid authorizer: "ABAC"');
  assert.equal(config('--etcd-servers=embedded').ignored.length, 1);
  refused(['--shard-name=shard-1'], '--cache-kubeconfig is required for non-root shards');
});

test('an empty root directory keeps everything in memory', () => {
  refused(['--root-directory='], '--storage=memory is required if --root-directory is empty');
  const found = config('--root-directory=', '--storage', 'memory');
  assert.deepEqual([found.rootDirectory, found.kubeconfigPath, found.adminTokenPath, found.certificateDirectory], ['', '', '', '']);
});

test('the help names every flag and stays within the width of a terminal', () => {
  const parsed = parseFlags(['--v=1', '--help'], '/');
  assert.ok('help' in parsed);
  assert.match(parsed.help, /--root-directory text\n {6}Folder/);
  assert.match(parsed.help, /--batteries-included list\n[\s\S]*\(admin, workspace-types\)/);
  for (const line of parsed.help.split('\n')) assert.ok(line.length <= 100, line);
});

test('webhooks may lie at private addresses where the server itself can be reached from this machine alone', () => {
  const allowed = (...argv: readonly string[]): boolean => config(...argv).webhooksToPrivateAddresses;
  assert.equal(allowed(), false);
  for (const address of ['127.0.0.1', '::1', 'localhost']) assert.equal(allowed('--bind-address', address), true);
  for (const address of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.com']) assert.equal(allowed('--bind-address', address), false);
  assert.equal(allowed('--webhooks-to-private-addresses=true'), true);
  assert.equal(allowed('--bind-address=127.0.0.1', '--webhooks-to-private-addresses=false'), false);
  refused(['--webhooks-to-private-addresses=maybe'], /must be one of auto, true, false/);
});
