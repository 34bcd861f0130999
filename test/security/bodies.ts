/** What random requests carry: objects that claim what belongs to others, patches of them, and questions. */
import {isWild, type Material} from './material.ts';
import type {Random} from './random.ts';
import type {Held} from './tenants.ts';

export type Said = {readonly method: string; readonly path: string; readonly body?: object; readonly type?: string};

const kindOf: {readonly [plural: string]: readonly [apiVersion: string, kind: string]} = {
  secrets: ['v1', 'Secret'],
  configmaps: ['v1', 'ConfigMap'],
  serviceaccounts: ['v1', 'ServiceAccount'],
  namespaces: ['v1', 'Namespace'],
  leases: ['coordination.k8s.io/v1', 'Lease'],
  crowns: ['example.com/v1', 'Crown'],
  roles: ['rbac.authorization.k8s.io/v1', 'Role'],
  clusterroles: ['rbac.authorization.k8s.io/v1', 'ClusterRole'],
  rolebindings: ['rbac.authorization.k8s.io/v1', 'RoleBinding'],
  clusterrolebindings: ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding'],
  workspaces: ['tenancy.kcp.io/v1alpha1', 'Workspace'],
  workspacetypes: ['tenancy.kcp.io/v1alpha1', 'WorkspaceType'],
  apibindings: ['apis.kcp.io/v1alpha1', 'APIBinding'],
  apiexports: ['apis.kcp.io/v1alpha2', 'APIExport'],
  logicalclusters: ['core.kcp.io/v1alpha1', 'LogicalCluster'],
  resourcequotas: ['v1', 'ResourceQuota'],
};

/** An object that claims what belongs to another workspace. */
export function objectFor(random: Random, {held}: Material, at: Held, plural: string): object {
  const other = random.pick(held);
  const [apiVersion, kind] = kindOf[plural] ?? ['v1', 'ConfigMap'];
  const owner = {
    apiVersion: 'v1',
    kind: 'Secret',
    name: 'crown',
    uid: random.pick(other.uids),
    ...(random.once(2) && {blockOwnerDeletion: true, controller: true}),
  };
  const metadata = {
    name: random.weighted([
      [4, 'mine-1'],
      [4, 'mine-2'],
      [1, 'crown'],
      [1, ''],
    ]),
    ...(random.once(8) && {generateName: 'mine-'}),
    ...(random.once(3) && {ownerReferences: [owner]}),
    ...(random.once(4) && {
      annotations: {'kcp.io/cluster': other.id, 'kcp.io/path': other.path, 'internal.tenancy.kcp.io/cluster': other.id},
    }),
    ...(isWild(at) && random.once(6) && {finalizers: ['example.com/held']}),
    ...(random.once(6) && {uid: random.pick(at.uids), resourceVersion: '1', namespace: random.pick(['t', 'default', '*'])}),
  };
  const subject = {kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'nobody'};
  const bodies: {readonly [plural: string]: object} = {
    secrets: random.pick([
      {stringData: {a: 'mine'}},
      {type: 'kubernetes.io/service-account-token', metadata: {...metadata, annotations: {'kubernetes.io/service-account.name': 'robot'}}},
    ]),
    configmaps: {data: {a: 'mine'}},
    crowns: {spec: {note: 'mine'}},
    leases: {spec: {holderIdentity: 'mine'}},
    roles: {rules: [{verbs: ['*'], apiGroups: ['*'], resources: ['*']}]},
    clusterroles: random.pick([{rules: [{verbs: ['*'], nonResourceURLs: ['*']}]}, {aggregationRule: {clusterRoleSelectors: [{}]}}]),
    rolebindings: {subjects: [subject], roleRef: {apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin'}},
    clusterrolebindings: {
      subjects: [subject],
      roleRef: {apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin'},
    },
    workspaces: {
      spec: random.pick([
        {cluster: other.id},
        {type: {name: 'universal', path: 'root'}},
        {URL: `https://test:6443/clusters/${other.id}`},
        {type: {name: 'crown', path: other.path}},
      ]),
    },
    workspacetypes: {spec: {extend: {with: [{name: 'crown', path: other.path}]}}},
    apibindings: {spec: {reference: {export: {path: other.path, name: 'tenancy.kcp.io'}}}},
    apiexports: {spec: {resources: []}},
    logicalclusters: {
      spec: {
        owner: {
          apiVersion: 'tenancy.kcp.io/v1alpha1',
          resource: 'workspaces',
          name: 'crown',
          cluster: other.id,
          uid: random.pick(other.uids),
        },
      },
    },
  };
  return {apiVersion, kind, metadata, ...(bodies[plural] ?? {spec: {}})};
}

export function patchFor(random: Random, from: Material, at: Held, plural: string): Pick<Said, 'body' | 'type'> {
  const object = objectFor(random, from, at, plural);
  return random.weighted<Pick<Said, 'body' | 'type'>>([
    [3, {type: 'application/apply-patch+yaml', body: object}],
    [2, {type: 'application/merge-patch+json', body: {metadata: (object as {metadata: object}).metadata}}],
    [2, {type: 'application/strategic-merge-patch+json', body: {metadata: {labels: {a: 'b'}}}}],
    [
      1,
      {
        type: 'application/json-patch+json',
        body: [{op: random.pick(['test', 'copy', 'move']), from: '/data', path: '/metadata/annotations', value: {}}],
      },
    ],
    [1, {type: 'application/json-patch+json', body: [{op: 'add', path: '/metadata/labels', value: {a: 'b'}}]}],
  ]);
}

/** What is asked of the server about others. */
export function question(random: Random, {askers, held}: Material, at: Held): Said {
  const attributes = {
    verb: random.pick(['get', 'list', '*']),
    resource: 'secrets',
    namespace: random.pick(['t', '']),
    name: random.pick(['crown', '']),
  };
  const facts = {
    'authentication.kcp.io/scopes': [`cluster:${random.pick(held).id}`],
    'authorization.kcp.io/warrant': ['{"user":"user-1","groups":["system:masters"]}'],
  };
  const spec = {
    user: random.pick(['user-1', 'user-2', 'system:admin']),
    groups: random.pick([[], ['system:masters'], ['system:kcp:admin']]),
    extra: facts,
    resourceAttributes: attributes,
  };
  const review = (resource: string, body: object): Said => ({
    method: 'POST',
    path: `/apis/authorization.k8s.io/v1/${resource}`,
    body: {spec: body},
  });
  return random.pick([
    review('selfsubjectaccessreviews', {resourceAttributes: attributes}),
    review('selfsubjectrulesreviews', {namespace: 't'}),
    review('subjectaccessreviews', spec),
    review('namespaces/t/localsubjectaccessreviews', {...spec, resourceAttributes: {...attributes, namespace: 't'}}),
    {method: 'POST', path: '/apis/authentication.k8s.io/v1/selfsubjectreviews', body: {}},
    {method: 'POST', path: '/apis/authentication.k8s.io/v1/tokenreviews', body: {spec: {token: random.pick(askers).token || 'none'}}},
    {
      method: 'POST',
      path: '/api/v1/namespaces/t/serviceaccounts/robot/token',
      body: {spec: {expirationSeconds: 600, boundObjectRef: {kind: 'Secret', apiVersion: 'v1', name: 'crown', uid: random.pick(at.uids)}}},
    },
  ]);
}

/** Names that go and come again. */
export function creation(random: Random, from: Material, at: Held): Said {
  const plural = random.pick(['configmaps', 'secrets', 'crowns']);
  const base = plural === 'crowns' ? '/apis/example.com/v1' : '/api/v1';
  const path = `${base}/namespaces/t/${plural}`;
  return random.once(2)
    ? {method: 'POST', path, body: objectFor(random, from, at, plural)}
    : {method: 'DELETE', path: `${path}/${random.pick(['mine-1', 'mine-2'])}`};
}
