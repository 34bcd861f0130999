/** Requests at random, out of a grammar of all that a client can say. */
import type {Headers} from '../support/api-client.ts';
import {creation, objectFor, patchFor, question, type Said} from './bodies.ts';
import {isWild, type Material} from './material.ts';
import type {Random} from './random.ts';
import type {Asker, Held} from './tenants.ts';

export type RandomRequest = {
  readonly asker: Asker;
  /** Meant for a workspace of which the asker may see nothing. */
  readonly foreign: boolean;
  /** Where the answer is a watch, it is left open while others ask. */
  readonly lingers: boolean;
  readonly method: string;
  readonly target: string;
  readonly headers: Headers;
  readonly body: Uint8Array | undefined;
};

export function randomRequest(random: Random, from: Material): RandomRequest {
  // The first two are the tenants themselves.
  const asker = random.pick(random.once(3) ? from.askers.slice(0, 2) : from.askers);
  const at = random.once(4) ? ownOf(asker, random, from) : random.pick(from.held);
  const foreign = !asker.sees.has(at.code);
  const {prefix, rest} = random.once(foreign ? 1 : 2) ? place(random, from, at) : {prefix: `/clusters/${at.id}`, rest: ''};
  const what = random.weighted([
    [60, resource],
    [8, document],
    [6, question],
    [3, creation],
  ])(random, from, at);
  // Without a workspace, service accounts are at home.
  const careful = prefix === '' || (asker.sees.get(at.code) === 'all' && !isWild(at));
  const breaks = careful && ['DELETE', 'PATCH', 'PUT'].includes(what.method) && !what.path.includes('/mine-');
  const method = breaks ? 'GET' : what.method;
  const body = what.body === undefined || breaks ? undefined : Buffer.from(JSON.stringify(what.body));
  return {
    asker,
    foreign,
    lingers: random.once(8),
    method,
    target: `${prefix}${what.path}${rest}${query(random, from, what.path)}`,
    headers: {...headers(random, from, at), ...(body && {'content-type': what.type ?? 'application/json'})},
    body,
  };
}

function ownOf(asker: Asker, random: Random, {held}: Material): Held {
  const own = held.filter(({code}) => asker.sees.has(code));
  return random.pick(own.length > 0 ? own : held);
}

/** The beginning of a target: mostly a workspace by path or id, sometimes what only looks like one. */
function place(random: Random, {goneIds, held}: Material, at: Held): {readonly prefix: string; readonly rest: string} {
  const other = random.pick(held);
  const odd = [
    '/clusters/*',
    '/clusters/%2a',
    '/clusters/%252a',
    '/clusters/**',
    '/clusters/root',
    '/clusters/root:org-a',
    '/clusters/root:org-b',
    '/clusters/system:admin',
    '',
    '//clusters/root',
    '/clusters',
    `/clusters/${at.path}/clusters/${other.id}`,
    `/clusters/${at.id}/../${other.id}`,
    `/clusters/${at.id}/%2e%2e/${other.id}`,
    `/clusters/${at.id}:${other.path.split(':').at(-1)}`,
    `/clusters/${at.id},${other.id}`,
    `/clusters/${at.id}%2f${other.id}`,
    `/clusters/${at.id.toUpperCase()}`,
    '/clusters/root:~',
    '/clusters/~',
    '/clusters/user:user-1',
    `/services/apiexport/${at.path}/tenancy.kcp.io/clusters/*`,
    `/services/apiexport/${at.id}/any/clusters/${other.id}`,
    `/services/initializingworkspaces/${at.path}/clusters/${other.id}`,
    `/services/cache/shards/*/clusters/${other.id}`,
    `/services/contentconfigurations/clusters/${other.id}`,
    `/clusters/${random.pick(goneIds) ?? at.id}`,
  ];
  const prefix = random.weighted([
    [40, `/clusters/${at.path}`],
    [40, `/clusters/${at.id}`],
    [20, random.pick(odd)],
  ]);
  return {prefix, rest: random.once(60) ? random.pick(['/', '/..', '/%2e%2e', '%00', '//', '/x/y/z']) : ''};
}

const kinds = [
  ...Array.from({length: 6}, () => ['/api/v1', 'secrets', true] as const),
  ...Array.from({length: 3}, () => ['/api/v1', 'configmaps', true] as const),
  ...Array.from({length: 3}, () => ['/apis/example.com/v1', 'crowns', true] as const),
  ['/api/v1', 'serviceaccounts', true],
  ['/api/v1', 'events', true],
  ['/apis/events.k8s.io/v1', 'events', true],
  ['/api/v1', 'resourcequotas', true],
  ['/api/v1', 'namespaces', false],
  ['/apis/coordination.k8s.io/v1', 'leases', true],
  ['/apis/rbac.authorization.k8s.io/v1', 'roles', true],
  ['/apis/rbac.authorization.k8s.io/v1', 'rolebindings', true],
  ['/apis/rbac.authorization.k8s.io/v1', 'clusterroles', false],
  ['/apis/rbac.authorization.k8s.io/v1', 'clusterrolebindings', false],
  ['/apis/apiextensions.k8s.io/v1', 'customresourcedefinitions', false],
  ['/apis/certificates.k8s.io/v1', 'certificatesigningrequests', false],
  ['/apis/admissionregistration.k8s.io/v1', 'validatingwebhookconfigurations', false],
  ['/apis/admissionregistration.k8s.io/v1', 'mutatingwebhookconfigurations', false],
  ['/apis/admissionregistration.k8s.io/v1', 'validatingadmissionpolicies', false],
  ['/apis/tenancy.kcp.io/v1alpha1', 'workspaces', false],
  ['/apis/tenancy.kcp.io/v1alpha1', 'workspacetypes', false],
  ['/apis/tenancy.kcp.io/v1alpha1', 'workspaceauthenticationconfigurations', false],
  ['/apis/core.kcp.io/v1alpha1', 'logicalclusters', false],
  ['/apis/core.kcp.io/v1alpha1', 'shards', false],
  ['/apis/apis.kcp.io/v1alpha1', 'apibindings', false],
  ['/apis/apis.kcp.io/v1alpha2', 'apiexports', false],
  ['/apis/apis.kcp.io/v1alpha1', 'apiresourceschemas', false],
  ['/apis/topology.kcp.io/v1alpha1', 'partitions', false],
  ['/apis/example.com/v1', 'absents', true],
] as const;
const names = [
  'crown',
  'crown',
  'crown',
  'page-1',
  'robot',
  'default',
  't',
  'cluster',
  'owner',
  'mine-1',
  'mine-2',
  'crowns.example.com',
  '..',
  '*',
  '%2a',
  'a%2fb',
];
const subresources = ['status', 'scale', 'token', 'finalize', 'approval', 'log', 'proxy', 'crown'];
const methods: readonly (readonly [number, string])[] = [
  [50, 'GET'],
  [8, 'POST'],
  [6, 'PUT'],
  [10, 'PATCH'],
  [5, 'DELETE'],
  [3, 'HEAD'],
  [1, 'OPTIONS'],
  [1, 'TRACE'],
  [1, 'CONNECT'],
  [1, 'get'],
];

function resource(random: Random, from: Material, at: Held): Said {
  const [base, plural, namespaced] = random.pick(kinds);
  const scoped = namespaced !== random.once(8);
  const namespace = scoped
    ? `/namespaces/${random.weighted([
        [12, 't'],
        [2, 'default'],
        [1, '*'],
        [1, 'mine-1'],
        [1, '-'],
      ])}`
    : '';
  const name = random.once(2) ? `/${random.pick(names)}` : '';
  const subresource = name && random.once(6) ? `/${random.pick(subresources)}` : '';
  const path = `${base}${random.once(20) ? '/watch' : ''}${namespace}/${plural}${name}${subresource}`;
  const method = random.weighted(methods);
  if (method === 'POST' || method === 'PUT') return {method, path, body: objectFor(random, from, at, plural)};
  if (method === 'PATCH') return {method, path, ...patchFor(random, from, at, plural)};
  // What is foreign is not to be had by deleting it either.
  if (method === 'DELETE' && random.once(3))
    return {
      method,
      path,
      body: {propagationPolicy: random.pick(['Orphan', 'Foreground', 'Background']), preconditions: {uid: random.pick(at.uids)}},
    };
  return {method, path};
}

const documents = [
  '/',
  '/api',
  '/apis',
  '/api/v1',
  '/apis/example.com',
  '/apis/example.com/v1',
  '/apis/rbac.authorization.k8s.io/v1',
  '/openapi/v2',
  '/openapi/v3',
  '/openapi/v3/apis/example.com/v1',
  '/openapi/v3/api/v1',
  '/version',
  '/metrics',
  '/healthz',
  '/readyz/ping',
  '/livez?verbose',
  '/debug/pprof/',
  '/debug/pprof/heap',
  '/configz',
  '/logs/',
  '/flagz',
  '/statusz',
  '/.well-known/openid-configuration',
  '/openid/v1/jwks',
  '/swagger.json',
  '/index.html',
];

const document = (random: Random): Said => ({
  method: random.weighted([
    [9, 'GET'],
    [1, 'HEAD'],
    [1, 'POST'],
  ]),
  path: random.pick(documents),
});

/** A token that nobody gave out: for a page behind the Secret of somebody. */
const forgedToken = ({id}: Held): string =>
  Buffer.from(JSON.stringify({v: 'meta.k8s.io/v1', rv: -1, start: `/core/secrets/built-in/${id}/t/a\0`})).toString('base64url');

function query(random: Random, {continueTokens, revision, held}: Material, path: string): string {
  if (random.once(2)) return '';
  const parts: string[] = [];
  const add = (inTimes: number, part: () => string): void => {
    if (random.once(inTimes)) parts.push(part());
  };
  add(5, () => `watch=${random.pick(['true', '1', 'zork', 'false'])}`);
  add(6, () => `limit=${random.pick(['0', '1', '2', '3', '-1'])}`);
  if (continueTokens.length > 0) add(8, () => `continue=${random.pick(continueTokens)}`);
  add(30, () => `continue=${forgedToken(random.pick(held))}`);
  add(
    6,
    () =>
      `resourceVersion=${random.weighted([
        [3, '0'],
        [3, String(random.below(revision))],
        [3, String(revision)],
        [1, 'x'],
      ])}`,
  );
  add(600, () => `resourceVersion=${revision + 1_000_000}`);
  add(30, () => `resourceVersionMatch=${random.pick(['Exact', 'NotOlderThan'])}`);
  add(12, () => `labelSelector=${random.pick(['a%3Db', 'note', '!note', 'note%20notin%20(x)', ','])}`);
  add(
    12,
    () =>
      `fieldSelector=${random.pick(['metadata.name%3Dcrown', 'metadata.name!%3Dx', 'metadata.namespace%3Dt', 'involvedObject.name%3Dcrown', 'data%3Dx'])}`,
  );
  add(14, () => 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true');
  add(12, () => 'fieldManager=mine');
  add(14, () => 'dryRun=All');
  add(14, () => 'force=true');
  add(14, () => `fieldValidation=${random.pick(['Strict', 'Ignore', 'Warn'])}`);
  add(30, () => `includeObject=${random.pick(['Object', 'Metadata', 'None'])}`);
  add(30, () => `cluster=${random.pick(['*', 'root'])}`);
  return parts.length > 0 ? `${path.includes('?') ? '&' : '?'}${parts.join('&')}` : '';
}

const kubernetes = 'g=meta.k8s.io;v=v1';
const accepted = [
  'application/json',
  'application/yaml',
  'application/cbor',
  'application/vnd.kubernetes.protobuf',
  'application/vnd.kubernetes.protobuf,application/json',
  `application/json;as=Table;${kubernetes}`,
  `application/json;as=PartialObjectMetadata;${kubernetes}`,
  `application/json;as=PartialObjectMetadataList;${kubernetes}`,
  `application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;${kubernetes}`,
  'application/json;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io',
  'application/json;stream=watch',
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  'text/html',
  '*/*',
];

function headers(random: Random, {held, tags}: Material, at: Held): Headers {
  if (random.once(3)) return {};
  const all: {[name: string]: string} = {};
  const other = random.pick(held);
  if (random.once(2)) all['accept'] = random.pick(accepted);
  if (random.once(8)) all['accept-encoding'] = 'gzip';
  if (random.once(20) && tags.length > 0) all['if-none-match'] = random.pick(tags);
  if (random.once(12)) all['audit-id'] = at.id;
  if (random.once(10))
    Object.assign(
      all,
      random.pick([
        {'x-remote-user': 'system:admin', 'x-remote-group': 'system:masters'},
        {'x-remote-extra-authorization.kcp.io%2fwarrant': '{"user":"a","groups":["system:masters"]}'},
        {'x-kubernetes-cluster': random.pick(['*', other.id, other.path])},
        {'x-kcp-internal-deep-subjectaccessreview': 'true'},
        {'x-kcp-api-v1-discovery-passthrough': 'true'},
        {'x-forwarded-for': '127.0.0.1', 'x-original-url': `/clusters/${other.id}/api/v1/secrets`, 'x-http-method-override': 'GET'},
      ]),
    );
  if (random.once(10))
    Object.assign(
      all,
      random.pick([
        {
          'impersonate-user': random.pick([
            'user-1',
            'user-2',
            'user-3',
            'system:admin',
            'system:anonymous',
            'system:serviceaccount:t:robot',
          ]),
        },
        {
          'impersonate-user': 'user-1',
          'impersonate-group': random.pick(['system:masters', 'system:kcp:admin', 'team', `system:cluster:${other.id}`]),
        },
        {'impersonate-user': 'x', 'impersonate-extra-authentication.kcp.io%2fscopes': `cluster:${other.id}`},
        {'impersonate-user': 'x', 'impersonate-extra-authorization.kcp.io%2fwarrant': '{"user":"user-1","groups":["system:masters"]}'},
        {'impersonate-user': 'system:serviceaccount:t:robot', 'impersonate-extra-authentication.kcp.io%2fcluster-name': other.id},
      ]),
    );
  return all;
}
