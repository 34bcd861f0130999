import {createHash} from 'node:crypto';
import type {JsonObject} from '../api/json.ts';
import {stringify} from '../api/json.ts';
import {compareVersions} from '../api/version-order.ts';
import type {Kind, Verb} from '../kinds/kind.ts';
import type {GroupVersionKind} from './openapi-names.ts';
import {gvkOf} from './openapi-names.ts';
import {joined} from './publish.ts';
import {apiVersionOf} from './resource.ts';

/**
 * What a workspace says it serves (spec kubernetes-api 7.1, 7.2). Documents are fresh values; whoever sends them keeps their bytes by the
 * content they were made of.
 */
export type Discovery = {
  /** `/`: the paths of APIs and `others`, sorted (spec kubernetes-api 1.1.15). */
  rootPaths(others: readonly string[]): JsonObject;
  /** `/api`. `address` is the `host:port` clients reach the server by. */
  apiVersions(address: string): JsonObject;
  /** `/apis`. */
  apiGroupList(): JsonObject;
  /** `/apis/<group>`; undefined when the workspace has nothing of the group. The core group has no such document. */
  apiGroup(name: string): JsonObject | undefined;
  /** `/api/v1`, `/apis/<group>/<version>`, as JSON text in many pieces; undefined when nothing is served there. */
  apiResourceList(group: string, version: string): Iterable<string> | undefined;
  /** The APIGroupDiscoveryList of `/api` ('core') or of `/apis` ('groups'), as JSON text in many pieces: it is long where there are thousands of kinds. */
  aggregated(part: 'core' | 'groups'): Iterable<string>;
};

/** One group as it is served: versions best first, kinds by plural. */
export type ServedGroup = {readonly name: string; readonly versions: readonly ServedVersion[]};
export type ServedVersion = {readonly version: string; readonly kinds: readonly Kind[]};

/** The discovery of exactly these kinds; no two may share group, version and plural. */
export function discoveryOf(kinds: readonly Kind[]): Discovery {
  const groups = servedGroups(kinds);
  const byName = new Map(groups.map(group => [group.name, group]));
  let storageVersions: ReadonlyMap<string, string> | undefined;

  return {
    rootPaths: others => ({paths: [...new Set([...others, '/api', '/apis', '/apis/', ...groups.flatMap(apiPaths)])].sort()}),
    apiVersions: address => ({
      kind: 'APIVersions',
      versions: ['v1'],
      serverAddressByClientCIDRs: [{clientCIDR: '0.0.0.0/0', serverAddress: address}],
    }),
    apiGroupList: () => ({kind: 'APIGroupList', apiVersion: 'v1', groups: groups.filter(isNamed).map(apiGroup)}),
    apiGroup(name) {
      const group = byName.get(name);
      return group && isNamed(group) ? {kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(group)} : undefined;
    },
    apiResourceList(group, version) {
      const served = byName.get(group)?.versions.find(v => v.version === version);
      if (!served) return undefined;
      storageVersions ??= storageVersionsOf(groups);
      return resourceList(group, served, storageVersions);
    },
    aggregated: part => aggregated(groups.filter(group => isNamed(group) === (part === 'groups'))),
  };
}

/** The kinds by group, in the order clients see: where a short name is ambiguous, kubectl takes the first group. */
export function servedGroups(kinds: readonly Kind[]): readonly ServedGroup[] {
  const groups = Map.groupBy(kinds, kind => kind.group);
  return [...groups]
    .map(([name, ofGroup]): ServedGroup => ({name, versions: servedVersions(ofGroup)}))
    .sort((a, b) => priorityOf(a.name) - priorityOf(b.name) || compareText(a.name, b.name));
}

const servedVersions = (kinds: readonly Kind[]): ServedVersion[] =>
  [...Map.groupBy(kinds, kind => kind.version)]
    .map(([version, ofVersion]) => ({version, kinds: ofVersion.sort((a, b) => compareText(a.names.plural, b.names.plural))}))
    .sort((a, b) => compareVersions(a.version, b.version));

/** The groups of Kubernetes, in its order; all others follow by name. */
const groupOrder: ReadonlyMap<string, number> = new Map(
  [
    '',
    'apiregistration.k8s.io',
    'apps',
    'events.k8s.io',
    'authentication.k8s.io',
    'authorization.k8s.io',
    'autoscaling',
    'batch',
    'certificates.k8s.io',
    'networking.k8s.io',
    'policy',
    'rbac.authorization.k8s.io',
    'storage.k8s.io',
    'admissionregistration.k8s.io',
    'apiextensions.k8s.io',
    'scheduling.k8s.io',
    'coordination.k8s.io',
    'node.k8s.io',
    'discovery.k8s.io',
    'flowcontrol.apiserver.k8s.io',
  ].map((name, place) => [name, place]),
);

const priorityOf = (group: string): number => groupOrder.get(group) ?? groupOrder.size;
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const isNamed = (group: ServedGroup): boolean => group.name !== '';
const pluralOf = (kind: Kind): string => `${kind.names.plural}.${kind.group}`;

/** `/api/v1`, `/apis/example.com/v1`. */
export const rootPathOf = (group: string, version: string): string => (group ? `/apis/${group}/${version}` : `/api/${version}`);

const apiPaths = ({name, versions}: ServedGroup): string[] => [
  ...(name ? [`/apis/${name}`] : []),
  ...versions.map(({version}) => rootPathOf(name, version)),
];

function apiGroup({name, versions}: ServedGroup): JsonObject {
  const listed = versions.map(({version}) => ({groupVersion: apiVersionOf(name, version), version}));
  return {name, versions: listed, preferredVersion: {...(listed[0] as JsonObject)}};
}

function* resourceList(group: string, {version, kinds}: ServedVersion, storageVersions: ReadonlyMap<string, string>): Generator<string> {
  const opening = {kind: 'APIResourceList', ...(group && {apiVersion: 'v1'}), groupVersion: apiVersionOf(group, version)};
  yield `${stringify(opening).slice(0, -1)},"resources":[`;
  yield* joined(resourceTexts(kinds, storageVersions));
  yield ']}';
}

function* resourceTexts(kinds: readonly Kind[], storageVersions: ReadonlyMap<string, string>): Generator<string> {
  for (const kind of kinds) yield stringify(apiResources(kind, storageVersions.get(pluralOf(kind)))).slice(1, -1);
}

function apiResources(kind: Kind, storageVersion: string | undefined): JsonObject[] {
  const {names, namespaced} = kind;
  const resource = {
    name: names.plural,
    singularName: names.singular,
    namespaced,
    kind: names.kind,
    verbs: verbsOf(kind),
    ...namedIfAny(kind),
    ...(storageVersion !== undefined && !kind.strategy.virtual && {storageVersionHash: storageVersionHash(kind, storageVersion)}),
  };
  const subresources = subresourcesOf(kind).map(({name, verbs, of}) => ({
    name: `${names.plural}/${name}`,
    singularName: '',
    namespaced,
    ...(of && {group: of.group, version: of.version}),
    kind: of ? of.kind : names.kind,
    verbs: [...verbs],
  }));
  return [resource, ...subresources];
}

function* aggregated(groups: readonly ServedGroup[]): Generator<string> {
  yield '{"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","metadata":{},"items":[';
  for (const [i, {name, versions}] of groups.entries()) {
    yield `${i > 0 ? ',' : ''}{"metadata":${stringify(name ? {name} : {})},"versions":[`;
    for (const [j, {version, kinds}] of versions.entries()) {
      yield `${j > 0 ? ',' : ''}{"version":${stringify(version)},"resources":[`;
      yield* joined(kinds.values().map(discoveryText));
      yield '],"freshness":"Current"}';
    }
    yield ']}';
  }
  yield ']}';
}

const discoveryTexts = new WeakMap<Kind, string>();

/** A resource in the aggregated form. When one kind changes among thousands, the others are told of again. */
function discoveryText(kind: Kind): string {
  let text = discoveryTexts.get(kind);
  if (text === undefined) {
    text = stringify(resourceDiscovery(kind));
    discoveryTexts.set(kind, text);
  }
  return text;
}

function resourceDiscovery(kind: Kind): JsonObject {
  const responseKind = {group: kind.group, version: kind.version, kind: kind.names.kind};
  const subresources = subresourcesOf(kind).map(({name, verbs, of}) => ({
    subresource: name,
    responseKind: of ? {...of} : responseKind,
    verbs: [...verbs],
  }));
  return {
    resource: kind.names.plural,
    responseKind,
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.names.singular,
    verbs: verbsOf(kind),
    ...namedIfAny(kind),
    ...(subresources.length > 0 && {subresources}),
  };
}

const scaleKind = {group: 'autoscaling', version: 'v1', kind: 'Scale'} as const;

// Definitions hand their verbs over in the order that Kubernetes lists them for custom resources.
const verbsOf = (kind: Kind): Verb[] => (kind.custom ? [...kind.verbs] : [...kind.verbs].sort());

const namedIfAny = ({names: {shortNames, categories}}: Kind): JsonObject => ({
  ...(shortNames.length > 0 && {shortNames: [...shortNames]}),
  ...(categories.length > 0 && {categories: [...categories]}),
});

/** `of` is the kind it takes and gives, where that is not the object's own. */
type Subresource = {readonly name: string; readonly verbs: readonly Verb[]; readonly of?: GroupVersionKind};
const partVerbs: readonly Verb[] = ['get', 'patch', 'update'];

function subresourcesOf({subresources: {approval, finalize, status, scale, token}}: Kind): readonly Subresource[] {
  return [
    ...(approval ? [{name: 'approval', verbs: partVerbs}] : []),
    ...(finalize ? [{name: 'finalize', verbs: ['update' as const]}] : []),
    ...(status ? [{name: 'status', verbs: partVerbs}] : []),
    ...(scale ? [{name: 'scale', verbs: partVerbs, of: scaleKind}] : []),
    ...(token ? [{name: 'token', verbs: ['create' as const], of: gvkOf(token)}] : []),
  ];
}

/**
 * The storage version of each plural, where it can be told: built-in kinds are stored in their best version; a definition may choose any of
 * several, even one that is not served, so of custom kinds only a sole version is taken for it.
 */
function storageVersionsOf(groups: readonly ServedGroup[]): ReadonlyMap<string, string> {
  const versions = Map.groupBy(
    groups.flatMap(group => group.versions.flatMap(v => v.kinds)),
    pluralOf,
  );
  return new Map(
    [...versions].flatMap(([plural, [best, ...more]]) => (best && (more.length === 0 || !best.custom) ? [[plural, best.version]] : [])),
  );
}

/** Tells clients when a kind is stored in another form: base64 of the first 8 bytes of SHA-256 of `group/version/Kind`. */
function storageVersionHash(kind: Kind, version: string): string {
  // The events of both groups are the same objects, stored as those of the core group.
  const group = kind.group === 'events.k8s.io' && !kind.custom ? '' : kind.group;
  return createHash('sha256').update(`${group}/${version}/${kind.names.kind}`).digest().subarray(0, 8).toString('base64');
}
