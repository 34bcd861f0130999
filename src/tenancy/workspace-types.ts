import type {ApiError} from '../api/errors.ts';
import {forbidden} from '../api/errors.ts';
import type {JsonObject} from '../api/json.ts';
import {dig, digString, isObject} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import {ownInitializers} from './names.ts';

/** A type by the canonical path of the workspace it lies in, and its name. */
export type TypeRef = {readonly path: string; readonly name: string};

/** A type found: `cluster` is the id of the workspace it lies in. */
export type FoundType = {readonly ref: TypeRef; readonly cluster: string; readonly object: KubeObject};

/** Looks a type up; the path may be a canonical path or an id. */
export type TypeLookup = (path: string, name: string) => Promise<FoundType | undefined>;

export const typeLimits = {
  /** How many types one type may extend in all. */
  extendedTypesMax: 100,
} as const;

export const printType = ({path, name}: TypeRef): string => `${path}:${name}`;

export function parseType(text: string): TypeRef | undefined {
  const colon = text.lastIndexOf(':');
  return colon < 0 ? undefined : {path: text.slice(0, colon), name: text.slice(colon + 1)};
}

const types = {group: 'tenancy.kcp.io', resource: 'workspacetypes'} as const;

/**
 * Finds the type a workspace asks for: at the path it names, or else by name in the workspace's parent, then further up, and in
 * root at last (spec kcp 4.1).
 */
export async function findType(
  wanted: {readonly name: string; readonly path?: string},
  parentPath: string,
  lookup: TypeLookup,
): Promise<FoundType | undefined> {
  if (wanted.path) return lookup(wanted.path, wanted.name);
  const segments = parentPath.split(':');
  for (let depth = segments.length; depth > 0; depth--) {
    const found = await lookup(segments.slice(0, depth).join(':'), wanted.name);
    if (found) return found;
  }
  return segments[0] === 'root' ? undefined : lookup('root', wanted.name);
}

/** A type with everything it extends: bases first, itself last. @throws ApiError Forbidden for cycles and missing bases */
export async function withBases(type: FoundType, lookup: TypeLookup): Promise<readonly FoundType[]> {
  const found: FoundType[] = [];
  const visit = async (at: FoundType, trail: readonly string[]): Promise<void> => {
    const name = printType(at.ref);
    if (trail.includes(name))
      throw refused(at.ref, `circular dependency detected in workspace type ${name}: ${[...trail, name].join(' -> ')}`);
    if (found.some(other => printType(other.ref) === name)) return;
    if (found.length >= typeLimits.extendedTypesMax) throw refused(type.ref, `more than ${typeLimits.extendedTypesMax} types are extended`);
    for (const base of refs(at, 'spec', 'extend', 'with')) {
      const next = await lookup(base.path || at.ref.path, base.name);
      if (!next)
        throw refused(at.ref, `unable to find inherited workspace type ${printType({path: base.path || at.ref.path, name: base.name})}`);
      await visit(next, [...trail, name]);
    }
    found.push(at);
  };
  await visit(type, []);
  return found;
}

/** The references in a list of a type. An absent path means the type's own workspace. */
function refs(type: FoundType, ...path: readonly string[]): TypeRef[] {
  const list = dig(asJson(type.object), ...path);
  if (!Array.isArray(list)) return [];
  return list.filter(isObject).map(item => ({path: digString(item, 'path') || type.ref.path, name: digString(item, 'name') ?? ''}));
}

const refused = (ref: TypeRef, why: string): ApiError => forbidden(types, ref.name, why);

/**
 * Whether a workspace of one type may lie in one of another (spec kcp 4.1); both come with their bases.
 * @returns why not
 */
export function nestingProblem(child: readonly FoundType[], parent: readonly FoundType[]): string | undefined {
  const [leaf, above] = [child.at(-1) as FoundType, parent.at(-1) as FoundType];
  const via = (alias: FoundType, of: FoundType): string => (alias === of ? '' : ` extends ${printType(alias.ref)}, which`);
  for (const alias of child) {
    const limit = limitOf(alias, 'limitAllowedParents');
    if (limit === 'none') return `workspace type ${printType(leaf.ref)}${via(alias, leaf)} cannot have any parent`;
    if (limit && !overlaps(limit, parent)) {
      return `workspace type ${printType(leaf.ref)}${via(alias, leaf)} only allows ${list(limit)} parent workspaces, but parent type ${printType(above.ref)} only implements ${list(parent.map(p => p.ref))}`;
    }
  }
  for (const alias of parent) {
    const limit = limitOf(alias, 'limitAllowedChildren');
    if (limit === 'none') return `workspace type ${printType(above.ref)}${via(alias, above)} cannot have any children`;
    if (limit && !overlaps(limit, child)) {
      return `workspace type ${printType(above.ref)}${via(alias, above)} only allows ${list(limit)} child workspaces, but child type ${printType(leaf.ref)} only implements ${list(child.map(c => c.ref))}`;
    }
  }
  return undefined;
}

function limitOf(type: FoundType, field: 'limitAllowedParents' | 'limitAllowedChildren'): 'none' | readonly TypeRef[] | undefined {
  const limit = dig(asJson(type.object), 'spec', field);
  if (!isObject(limit)) return undefined;
  return limit['none'] === true ? 'none' : refs(type, 'spec', field, 'types');
}

const overlaps = (allowed: readonly TypeRef[], aliases: readonly FoundType[]): boolean =>
  allowed.some(ref => aliases.some(alias => printType(alias.ref) === printType(ref)));
const list = (all: readonly TypeRef[]): string => `[${all.map(printType).join(' ')}]`;

/** The type of children that name none. */
export function defaultChildType(parent: readonly FoundType[]): {readonly name: string; readonly path?: string} {
  for (const type of parent.toReversed()) {
    const found = dig(asJson(type.object), 'spec', 'defaultChildWorkspaceType');
    const name = digString(found, 'name');
    const path = digString(found, 'path');
    if (name) return {name, ...(path && {path})};
  }
  return {name: 'universal', path: 'root'};
}

/** Labels that a type puts on its workspaces, leaf last so that it wins. */
export const additionalLabels = (closure: readonly FoundType[]): JsonObject =>
  Object.assign({}, ...closure.map(type => dig(asJson(type.object), 'spec', 'additionalWorkspaceLabels')).filter(isObject)) as JsonObject;

/** The default bindings of a type and its bases, each once. */
export function defaultBindings(closure: readonly FoundType[]): readonly {readonly path: string; readonly export: string}[] {
  const seen = new Map<string, {path: string; export: string}>();
  for (const type of closure) {
    const wanted = dig(asJson(type.object), 'spec', 'defaultAPIBindings');
    for (const item of Array.isArray(wanted) ? wanted.filter(isObject) : []) {
      const binding = {path: digString(item, 'path') || type.ref.path, export: digString(item, 'export') ?? ''};
      seen.set(`${binding.path}:${binding.export}`, binding);
    }
  }
  return [...seen.values()];
}

/** The initializers or terminators that new workspaces of a type wait for, bases first. */
export function lifecycleIds(closure: readonly FoundType[], field: 'initializer' | 'terminator'): string[] {
  const ids = closure.filter(type => dig(asJson(type.object), 'spec', field) === true).map(type => `${type.cluster}:${type.ref.name}`);
  if (field === 'initializer' && defaultBindings(closure).length > 0) ids.push(ownInitializers.bindings);
  return ids;
}

/**
 * Where those who initialize or clean up workspaces of a type find them (spec kcp 1.2): an endpoint each per shard, whether or not the type has them now.
 * @param bases the URLs of the shards' virtual workspaces
 */
export const virtualWorkspaces = (
  bases: readonly string[],
  {cluster, name}: {readonly cluster: string; readonly name: string},
): JsonObject[] =>
  bases.flatMap(base =>
    (['initializing', 'terminating'] as const).map(type => ({
      url: `${base.replace(/\/+$/, '')}/services/${type}workspaces/${cluster}:${name}`,
      type,
    })),
  );
