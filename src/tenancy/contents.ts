import {base62Hash} from '../api/cluster.ts';
import type {JsonObject} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asObject, clusterAnnotation} from '../api/object.ts';

/** A new object and the resource it belongs to. */
export type Made = {readonly group: string; readonly version: string; readonly plural: string; readonly object: KubeObject};

/** What every object the server makes by itself needs. */
export type Maker = {
  readonly cluster: string;
  /** RFC 3339. */
  readonly now: string;
  readonly uid: () => string;
};

export function make(maker: Maker, apiVersion: string, kind: string, metadata: JsonObject, rest: JsonObject = {}): KubeObject {
  const {annotations = {}, ...other} = metadata;
  return asObject({
    apiVersion,
    kind,
    metadata: {
      ...other,
      uid: maker.uid(),
      creationTimestamp: maker.now,
      annotations: {...(annotations as JsonObject), [clusterAnnotation]: maker.cluster},
    },
    ...rest,
  });
}

export const rootCaName = 'kube-root-ca.crt';
export const defaultAccountName = 'default';

/** A namespace as the server makes it, with its contents. */
export const namespaceWithContents = (maker: Maker, name: string, rootCa: string): Made[] => [
  {
    group: '',
    version: 'v1',
    plural: 'namespaces',
    object: make(
      maker,
      'v1',
      'Namespace',
      {name, labels: {'kubernetes.io/metadata.name': name}},
      {spec: {finalizers: ['kubernetes']}, status: {phase: 'Active'}},
    ),
  },
  rootCaOf(maker, name, rootCa),
  defaultAccountOf(maker, name),
];

/** The certificates by which the server is known, for whoever runs in a namespace (spec kubernetes-api 11.4). */
export const rootCaOf = (maker: Maker, namespace: string, rootCa: string): Made => ({
  group: '',
  version: 'v1',
  plural: 'configmaps',
  object: make(
    maker,
    'v1',
    'ConfigMap',
    {
      name: rootCaName,
      namespace,
      annotations: {'kubernetes.io/description': 'The CA certificates that verify this API server, kept up to date by it.'},
    },
    {data: {'ca.crt': rootCa}},
  ),
});

export const defaultAccountOf = (maker: Maker, namespace: string): Made => ({
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
  object: make(maker, 'v1', 'ServiceAccount', {name: defaultAccountName, namespace}),
});

/** Makes the creator of a workspace its administrator. */
export const adminBinding = (maker: Maker, user: string): Made => ({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  plural: 'clusterrolebindings',
  object: make(
    maker,
    'rbac.authorization.k8s.io/v1',
    'ClusterRoleBinding',
    {name: 'workspace-admin'},
    {
      subjects: [{kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: user}],
      roleRef: {apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin'},
    },
  ),
});

/** An API that every workspace serves although, in kcp, it comes by a binding to an export in root. */
export type StandingExport = {
  readonly name: string;
  /** The value of the label that bindings to it carry. */
  readonly label: string;
  /** What a binding says of its resources. */
  readonly bound: readonly JsonObject[];
};

/** The binding to such an API, already bound (spec kcp 14). */
export function standingBinding(maker: Maker, standing: StandingExport): Made {
  const suffix = base62Hash(`${maker.cluster}|root|${standing.name}`).slice(0, 5).toLowerCase();
  const ready = [
    'Ready',
    'APIExportValid',
    'BindingUpToDate',
    'InitialBindingCompleted',
    'PermissionClaimsApplied',
    'PermissionClaimsValid',
  ];
  return {
    group: 'apis.kcp.io',
    version: 'v1alpha2',
    plural: 'apibindings',
    object: make(
      maker,
      'apis.kcp.io/v1alpha2',
      'APIBinding',
      {
        name: `${standing.name}-${suffix}`,
        generation: 1,
        labels: {'internal.apis.kcp.io/export': standing.label},
      },
      {
        spec: {reference: {export: {path: 'root', name: standing.name}}},
        status: {
          phase: 'Bound',
          apiExportClusterName: 'root',
          boundResources: [...standing.bound],
          conditions: ready.map(type => ({type, status: 'True', lastTransitionTime: maker.now})),
        },
      },
    ),
  };
}
