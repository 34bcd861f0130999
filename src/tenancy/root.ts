import {base62Hash} from '../api/cluster.ts';
import type {JsonObject} from '../api/json.ts';
import type {Made, Maker, StandingExport} from './contents.ts';
import {make, namespaceWithContents, standingBinding} from './contents.ts';
import {annotations, labels} from './names.ts';
import {renewTypeStatus} from './workspace-type-status.ts';

/** The APIs that come to every workspace by a binding to root, in kcp; here the kinds are everywhere, and the bindings tell of them. */
export const standingExports = (identityOf: (name: string) => string): readonly StandingExport[] => [
  standing('tenancy.kcp.io', ['workspaceauthenticationconfigurations', 'workspaces', 'workspacetypes'], identityOf),
  standing('topology.kcp.io', ['partitions', 'partitionsets'], identityOf),
];

function standing(name: string, resources: readonly string[], identityOf: (name: string) => string): StandingExport {
  const version = 'v1alpha1';
  return {
    name,
    label: base62Hash(`root:${name}`),
    bound: resources.map(resource => ({
      group: name,
      resource,
      schema: {name: `${version}.${resource}.${name}`, UID: base62Hash(`${name}:${resource}`), identityHash: identityOf(name)},
      storageVersions: [version],
    })),
  };
}

export type RootPlan = {
  readonly maker: Maker;
  readonly shardName: string;
  readonly urls: {readonly base: string; readonly external: string; readonly virtualWorkspace: string};
  readonly rootCa: string;
  readonly standing: readonly StandingExport[];
  /** The types organization and team, and organization as root's default. */
  readonly workspaceTypes: boolean;
  /** Whose members get a home when they ask for it. */
  readonly homeCreatorGroups: readonly string[];
};

/** What the root workspace starts with (spec kcp 4.7), as far as the kinds exist. */
export const rootContents = (plan: RootPlan): readonly Made[] => [
  rootCluster(plan),
  shard(plan),
  ...plan.standing.map(one => standingBinding(plan.maker, one)),
  ...namespaceWithContents(plan.maker, 'default', plan.rootCa),
  ...typesOf(plan),
  ...roles(plan.maker),
  homeCreators(plan),
];

function rootCluster({maker, urls, shardName}: RootPlan): Made {
  const metadata = {
    name: 'cluster',
    generation: 1,
    annotations: {
      [annotations.shard]: shardName,
      [annotations.type]: 'root:root',
      [annotations.owner]: '{"username":"system:kcp-bootstrapper"}',
      [annotations.resourceBindings]: '{}',
    },
    labels: {[labels.phase]: 'Ready'},
  };
  const status = {
    phase: 'Ready',
    URL: `${urls.external}/clusters/${maker.cluster}`,
    conditions: [{type: 'WorkspaceInitialized', status: 'True', lastTransitionTime: maker.now}],
  };
  const object = make(maker, 'core.kcp.io/v1alpha1', 'LogicalCluster', metadata, {spec: {directlyDeletable: false}, status});
  return {group: 'core.kcp.io', version: 'v1alpha1', plural: 'logicalclusters', object};
}

/** This shard, as root lists it. */
export const shard = ({maker, urls, shardName}: Pick<RootPlan, 'maker' | 'urls' | 'shardName'>): Made => ({
  group: 'core.kcp.io',
  version: 'v1alpha1',
  plural: 'shards',
  object: make(
    maker,
    'core.kcp.io/v1alpha1',
    'Shard',
    {name: shardName, generation: 1, labels: {name: shardName}},
    {spec: {baseURL: urls.base, externalURL: urls.external, virtualWorkspaceURL: urls.virtualWorkspace}},
  ),
});

const universal = {name: 'universal', path: 'root'};

function typesOf({maker, workspaceTypes, urls}: RootPlan): Made[] {
  const base = {extend: {with: [universal]}, defaultChildWorkspaceType: universal};
  const type = (name: string, spec: JsonObject): Made => {
    const metadata = {name, generation: 1, annotations: {[annotations.path]: 'root'}};
    const object = make(maker, 'tenancy.kcp.io/v1alpha1', 'WorkspaceType', metadata, {spec});
    renewTypeStatus(object, maker.cluster, [urls.virtualWorkspace], maker.now);
    return {group: 'tenancy.kcp.io', version: 'v1alpha1', plural: 'workspacetypes', object};
  };
  return [
    type('universal', {
      initializer: true,
      defaultChildWorkspaceType: universal,
      defaultAPIBindings: ['tenancy.kcp.io', 'topology.kcp.io'].map(name => ({path: 'root', export: name})),
    }),
    type('root', {
      ...base,
      limitAllowedParents: {none: true},
      ...(workspaceTypes && {defaultChildWorkspaceType: {name: 'organization', path: 'root'}}),
    }),
    type('home', {...base, limitAllowedParents: {none: true}}),
    ...(workspaceTypes
      ? [
          type('organization', {
            ...base,
            limitAllowedChildren: {types: [universal]},
            limitAllowedParents: {types: [{name: 'root', path: 'root'}]},
          }),
          type('team', {...base, limitAllowedParents: {types: ['organization', 'team'].map(name => ({name, path: 'root'}))}}),
        ]
      : []),
  ];
}

type Rule = {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
};

const rbac = 'rbac.authorization.k8s.io';

type Given = {readonly name: string; readonly role: string; readonly groups: readonly string[]};

/** Gives groups a role. */
const groupBinding = (maker: Maker, {name, role, groups}: Given): Made => ({
  group: rbac,
  version: 'v1',
  plural: 'clusterrolebindings',
  object: make(
    maker,
    `${rbac}/v1`,
    'ClusterRoleBinding',
    {name},
    {
      subjects: groups.map(group => ({kind: 'Group', apiGroup: rbac, name: group})),
      roleRef: {apiGroup: rbac, kind: 'ClusterRole', name: role},
    },
  ),
});

const homeCreatorRole = 'system:kcp:home-clusterworkspace-create';

/** Who gets a home when they ask for it. */
export const homeCreators = ({maker, homeCreatorGroups}: Pick<RootPlan, 'maker' | 'homeCreatorGroups'>): Made =>
  groupBinding(maker, {name: 'system:kcp:configured-group:home-clusterworkspace-create', role: homeCreatorRole, groups: homeCreatorGroups});

/** Root's own roles and bindings; those that hold everywhere lie in no workspace (auth/bootstrap-policy.ts). */
function roles(maker: Maker): Made[] {
  const role = (name: string, ...rules: readonly Rule[]): Made => ({
    group: rbac,
    version: 'v1',
    plural: 'clusterroles',
    object: make(maker, `${rbac}/v1`, 'ClusterRole', {name}, {rules: rules as unknown as JsonObject[]}),
  });
  const binding = (name: string, of: string, group: string): Made => groupBinding(maker, {name, role: of, groups: [group]});
  const everybody = 'system:authenticated';
  const bound = `apis.kcp.io:binding:${everybody}`;
  const prefix = 'system:kcp:apiexport';
  return [
    ...['tenancy', 'topology'].flatMap(name => [
      role(`${prefix}:${name}:bind`, {
        apiGroups: ['apis.kcp.io'],
        resources: ['apiexports'],
        resourceNames: [`${name}.kcp.io`],
        verbs: ['bind'],
      }),
      binding(`system:kcp:authenticated:apiexport:${name}:bind`, `${prefix}:${name}:bind`, everybody),
      binding(`system:kcp:authenticated:apiexport:${name}:maximal-permission-policy`, `${prefix}:${name}:maximal-permission-policy`, bound),
    ]),
    role(
      `${prefix}:tenancy:maximal-permission-policy`,
      {apiGroups: ['tenancy.kcp.io'], resources: ['workspaces', 'workspacetypes', 'workspaceauthenticationconfigurations'], verbs: ['*']},
      {apiGroups: ['tenancy.kcp.io'], resources: ['workspaces/status', 'workspacetypes/status'], verbs: ['list', 'watch', 'get']},
    ),
    role(`${prefix}:topology:maximal-permission-policy`, {
      apiGroups: ['topology.kcp.io'],
      resources: ['partitions', 'partitionsets'],
      verbs: ['*'],
    }),
    role(`${prefix}:kcp-admin:maximal-permission-policy`, {apiGroups: ['tenancy.kcp.io'], resources: ['*'], verbs: ['*']}),
    binding(
      'system:kcp:authenticated:apiexport:kcp-admin:maximal-permission-policy',
      `${prefix}:kcp-admin:maximal-permission-policy`,
      'apis.kcp.io:binding:system:kcp:admin',
    ),
    role(homeCreatorRole, {
      apiGroups: ['tenancy.kcp.io'],
      resources: ['workspaces'],
      resourceNames: ['~'],
      verbs: ['get', 'create'],
    }),
    role('system:kcp:universal-workspacetype-use', {
      apiGroups: ['tenancy.kcp.io'],
      resources: ['workspacetypes'],
      resourceNames: ['universal', 'organization', 'team'],
      verbs: ['use'],
    }),
    binding('system:kcp:authenticated:universal-workspacetype-use', 'system:kcp:universal-workspacetype-use', everybody),
    binding('system:kcp:tenancy:authenticated:access', 'system:kcp:workspace:access', everybody),
    binding('system:kcp:authenticated:tenancy:reader', 'system:kcp:tenancy:reader', everybody),
  ];
}
