import {compareVersions} from '../api/version-order.ts';
import {builtIn, system} from '../kinds/all.ts';
import type {Kind} from '../kinds/kind.ts';
import {compileSchema} from '../schema/compile.ts';
import {revisionOf} from '../storage/storage.ts';
import {builtInSection} from './keys.ts';
import type {Resource, WorkspaceKinds} from './resource.ts';
import {apiVersionOf} from './resource.ts';
import {bareHead, headOf} from './stored.ts';

/** Kinds that need no definition: Kubernetes' own and kcp's. */
export const fixedKinds: readonly Kind[] = [...builtIn, ...system];
/** Those of them that the root workspace alone serves: nobody else binds the export they come from (spec kcp 3.10). */
const inRootAlone: ReadonlySet<string> = new Set(['shards.core.kcp.io']);

/** The kinds that a workspace has anyway, and the ways to find them. */
export type Fixed = {
  readonly resources: ReadonlyMap<string, Resource>;
  readonly byKind: ReadonlyMap<string, Resource>;
  /** `<plural>.<group>`. */
  readonly names: ReadonlySet<string>;
  /** What a workspace serves that defines nothing. */
  readonly served: WorkspaceKinds;
};

/** Those of the root workspace, and those of all others. */
export function fixedResources(): {readonly inRoot: Fixed; readonly elsewhere: Fixed} {
  const all = fixedKinds.map(resourceOf);
  const shared = all.filter(({kind}) => !inRootAlone.has(nameOf(kind)));
  return {inRoot: fixedOf(all, rootHash), elsewhere: fixedOf(shared, '')};
}

function fixedOf(resources: readonly Resource[], hash: string): Fixed {
  const groups = hash ? [...inRootAlone].map((name): [string, string] => [name.slice(name.indexOf('.') + 1), hash]) : [];
  return {
    resources: new Map(resources.map(one => [address(one.gr.group, one.kind.version, one.gr.resource), one])),
    byKind: new Map(resources.map(one => [address(one.gr.group, one.kind.version, one.kind.names.kind), one])),
    names: new Set(resources.map(({kind}) => nameOf(kind))),
    served: {fixed: resources.map(({kind}) => kind), own: [], hash, groups: new Map(groups)},
  };
}

/** What tells root's documents apart, in their hashes. */
const rootHash = 'root';

export const nameOf = ({names, group}: Kind): string => `${names.plural}.${group}`;

export const address = (group: string, version: string, plural: string): string => `${group}/${version}/${plural}`;

/** A built-in kind, ready to serve. */
export function resourceOf(kind: Kind): Resource {
  const versions = fixedKinds.filter(k => k.group === kind.group && k.names.plural === kind.names.plural).map(k => k.version);
  const storageVersion = versions.sort(compareVersions)[0] ?? kind.version;
  const apiVersion = apiVersionOf(kind.group, kind.version);
  const of = kind.view ?? kind;
  return {
    kind,
    gr: {group: kind.group, resource: kind.names.plural},
    apiVersion,
    space: {group: of.group, resource: kind.names.plural, section: builtInSection},
    schema: compileSchema(kind.schema),
    head: headOf(apiVersion, kind.names.kind),
    itemHead: kind.custom ? headOf(apiVersion, kind.names.kind) : bareHead,
    storageVersion,
    verbatimAfter: revisionOf(0),
    terminating: false,
  };
}
