import type {PolicyRule, Role} from './rbac/objects.ts';

/** Cluster roles that are there from the start (spec kubernetes-api 8.9, kcp 7.7): data, in the order of the tables. */

const words = (text: string): readonly string[] => text.split(' ').map(word => (word === 'core' ? '' : word));

/** Verbs on resources of groups, in words; `core` is the group without a name. */
const on = (verbs: string, groups: string, resources: string): PolicyRule => ({
  verbs: words(verbs),
  apiGroups: words(groups),
  resources: words(resources),
});
const paths = (verbs: string, urls: string): PolicyRule => ({verbs: words(verbs), nonResourceURLs: words(urls)});
const role = (name: string, ...rules: readonly PolicyRule[]): Role => ({name, rules});

const read = 'get list watch';
const write = 'create delete deletecollection patch update';
const everything: readonly PolicyRule[] = [on('*', '*', '*'), paths('*', '*')];

const toView: readonly PolicyRule[] = [
  on(
    read,
    'core',
    'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status',
  ),
  on(
    read,
    'core',
    'bindings limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status',
  ),
  on(read, 'core', 'namespaces'),
  on(read, 'core events.k8s.io', 'events'),
  on(read, 'discovery.k8s.io', 'endpointslices'),
  on(
    read,
    'apps',
    'controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status',
  ),
  on(read, 'autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status'),
  on(read, 'batch', 'cronjobs cronjobs/status jobs jobs/status'),
  on(
    read,
    'extensions',
    'daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale',
  ),
  on(read, 'policy', 'poddisruptionbudgets poddisruptionbudgets/status'),
  on(read, 'networking.k8s.io', 'ingresses ingresses/status networkpolicies'),
  on(read, 'resource.k8s.io', 'resourceclaims resourceclaims/status resourceclaimtemplates'),
];

const toEdit: readonly PolicyRule[] = [
  on(read, 'core', 'pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy'),
  on('impersonate', 'core', 'serviceaccounts'),
  on(write, 'core', 'pods pods/attach pods/exec pods/portforward pods/proxy'),
  on('create', 'core', 'pods/eviction'),
  on(
    write,
    'core',
    'configmaps persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy',
  ),
  on('create', 'core', 'serviceaccounts/token'),
  on(write, 'core events.k8s.io', 'events'),
  on(
    write,
    'apps',
    'daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale',
  ),
  on(write, 'autoscaling', 'horizontalpodautoscalers'),
  on(write, 'batch', 'cronjobs jobs'),
  on(
    write,
    'extensions',
    'daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets replicasets/scale replicationcontrollers/scale',
  ),
  on(write, 'policy', 'poddisruptionbudgets'),
  on(write, 'networking.k8s.io', 'ingresses networkpolicies'),
  on('create delete deletecollection get list patch update watch', 'coordination.k8s.io', 'leases'),
  on(write, 'resource.k8s.io', 'resourceclaims resourceclaimtemplates'),
];

const toAdmin: readonly PolicyRule[] = [
  on('create', 'authorization.k8s.io', 'localsubjectaccessreviews'),
  on('create delete deletecollection get list patch update watch', 'rbac.authorization.k8s.io', 'rolebindings roles'),
];

const approver = (name: string): Role =>
  role(`system:certificates.k8s.io:${name}-approver`, {
    ...on('approve', 'certificates.k8s.io', 'signers'),
    resourceNames: [`kubernetes.io/${name}`],
  });

/** Kubernetes' own, as far as a workspace has a use for them: nothing of nodes and their controllers. */
const kubernetesRoles: readonly Role[] = [
  role('cluster-admin', ...everything),
  role('system:discovery', paths('get', '/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/')),
  role('system:public-info-viewer', paths('get', '/healthz /livez /readyz /version /version/')),
  role(
    'system:basic-user',
    on('create', 'authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews'),
    on('create', 'authentication.k8s.io', 'selfsubjectreviews'),
  ),
  role('system:monitoring', paths('get', '/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*')),
  role(
    'system:service-account-issuer-discovery',
    paths('get', '/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/'),
  ),
  role(
    'system:auth-delegator',
    on('create', 'authentication.k8s.io', 'tokenreviews'),
    on('create', 'authorization.k8s.io', 'subjectaccessreviews'),
  ),
  role('system:aggregate-to-view', ...toView),
  role('system:aggregate-to-edit', ...toEdit),
  role('system:aggregate-to-admin', ...toAdmin),
  // The sums that Kubernetes makes of those by their labels.
  role('view', ...toView),
  role('edit', ...toEdit, ...toView),
  role('admin', ...toAdmin, ...toEdit, ...toView),
  ...['kube-apiserver-client', 'kube-apiserver-client-kubelet', 'kubelet-serving', 'legacy-unknown'].map(approver),
];

const kcpRoles: readonly Role[] = [
  role('system:kcp:tenancy:reader', on(read, 'tenancy.kcp.io', 'workspaces workspacetypes'), on(read, 'core.kcp.io', 'logicalclusters')),
  role('system:kcp:tenancy:workspace-bootstrapper', ...everything),
  role(
    'system:kcp:logical-cluster-admin',
    on('*', 'core.kcp.io', 'logicalclusters logicalclusters/status'),
    on('delete update get', 'tenancy.kcp.io', 'workspaces'),
  ),
  role(
    'system:kcp:external-logical-cluster-admin',
    on('delete update get', 'core.kcp.io', 'logicalclusters logicalclusters/status'),
    on('delete update patch get', 'tenancy.kcp.io', 'workspaces'),
    on('get', 'core', 'serviceaccounts secrets'),
    paths('access', '/'),
    on('create', 'authorization.k8s.io', 'subjectaccessreviews'),
    on('update patch get', 'apis.kcp.io', 'apiexportendpointslices/status'),
    on(read, 'apis.kcp.io', 'apiexportendpointslices'),
    on('update patch get', 'cache.kcp.io', 'clustercachedresourceendpointslices/status'),
    on(read, 'cache.kcp.io', 'clustercachedresourceendpointslices'),
    on('get', 'tenancy.kcp.io', 'workspaceauthenticationconfigurations'),
    on('create', 'migration.kcp.io', 'logicalclusterdumps'),
    on('get update patch', 'migration.kcp.io', 'logicalclustermigrations logicalclustermigrations/status'),
    on('list', 'apis.kcp.io', 'apibindings'),
    on('get', 'apis.kcp.io', 'apiexports apiresourceschemas'),
    on('get create', 'apiextensions.k8s.io', 'customresourcedefinitions'),
  ),
  role('system:kcp:workspace:access', paths('access', '/')),
  role('system:kcp:metrics-reader', paths('get', '/metrics')),
];

export const bootstrapRoles: readonly Role[] = [...kubernetesRoles, ...kcpRoles];
