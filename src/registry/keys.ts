import type {WorkspaceId} from '../api/cluster.ts';
import {workspaceIdOf} from '../api/cluster.ts';
import type {Key, Range} from '../storage/storage.ts';

/**
 * Keys are `/<group>/<resource>/<section>/<workspace>/[<namespace>/]<name>`: the resource first, so that one tenant's list and
 * every tenant's list are both one range (architecture D5).
 */
export type KeySpace = {
  readonly group: string;
  readonly resource: string;
  /** What keeps equally named resources apart: built in, defined in the workspace, or bound by an export's identity. */
  readonly section: string;
};

export const builtInSection = 'built-in';
export const customSection = 'customresources';

export const definitions = {group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions', section: builtInSection} as const;

/** Events of both groups: they own nothing, and nobody collects them by owner. */
export const eventSpace = {group: '', resource: 'events', section: builtInSection} as const;

const groupSegment = (group: string): string => group || 'core';

/** The range of all workspaces, of one, or of one namespace in it. */
export function rangeOf(space: KeySpace, workspace?: WorkspaceId, namespace?: string): Range {
  const all = `/${groupSegment(space.group)}/${space.resource}/${space.section}/`;
  if (workspace === undefined) return all;
  return namespace === undefined ? `${all}${workspace}/` : `${all}${workspace}/${encode(namespace)}/`;
}

/** The key of one object. Names may hold any character but `/` and `%`; what is not ASCII is percent-encoded to keep byte order simple. */
export const keyOf = (space: KeySpace, workspace: WorkspaceId, namespace: string | undefined, name: string): Key =>
  `${rangeOf(space, workspace, namespace)}${encode(name)}` as Key;

export type Located = {
  readonly space: KeySpace;
  readonly workspace: WorkspaceId;
  /** The segments behind the workspace: `[name]` or `[namespace, name]`. */
  readonly path: readonly string[];
};

/** What a key says. The inverse of `keyOf`. */
export function parseKey(key: Key): Located {
  const [, group, resource, section, workspace, ...path] = key.split('/') as [string, string, string, string, string, ...string[]];
  return {space: {group: group === 'core' ? '' : group, resource, section}, workspace: workspaceIdOf(workspace), path: path.map(decode)};
}

const plain = /^[\x21-\x24\x26-\x7e]*$/;
const encode = (name: string): string => (plain.test(name) ? name : encodeURIComponent(name));
const decode = (segment: string): string => (segment.includes('%') ? decodeURIComponent(segment) : segment);

/** The index terms of objects (architecture D7). */
export const terms = {
  /** Everything in a workspace, of whatever kind: for its deletion, count and export. */
  workspace: (id: WorkspaceId): string => `workspace/${id}`,
  /** Everything in a workspace that names this uid among its owners. */
  owner: (id: WorkspaceId, uid: string): string => `owner/${id}/${uid}`,
  /** Everything in a workspace that names an owner of this kind: what waits for the kind to be defined. */
  ownerKind: (id: WorkspaceId, group: string, kind: string): string => `owner-kind/${id}/${group}/${kind}`,
  /** The definitions that want a kind for themselves. */
  definitionOf: (id: WorkspaceId, group: string, kind: string): string => `definition/${id}/${group}/${kind}`,
  /** The definitions of a group that were given a name, of a resource or of a kind. */
  definitionNamed: (id: WorkspaceId, group: string, sort: 'resource' | 'kind', name: string): string =>
    `definition-named/${id}/${group}/${sort}/${name}`,
  /** The definitions of a workspace that did not get all the names they want. */
  definitionsWaiting: (id: WorkspaceId): string => `definitions-waiting/${id}`,
  /** Everything that was deleted and waits for its finalizers: what controllers must see again after a restart. */
  terminating: 'terminating',
  /** Events that were last written in one stretch of time, by its number. Terms of later ones are greater. */
  eventsWritten: (slot: number): string => `event-written/${String(slot).padStart(12, '0')}`,
  /** The ClusterRoles of a workspace whose rules are the sum of those of others. */
  aggregatedRoles: (id: WorkspaceId): string => `aggregated-roles/${id}`,
  /** Workspaces that found no shard. */
  unscheduled: 'unscheduled',
} as const;
