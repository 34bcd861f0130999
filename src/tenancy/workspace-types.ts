import type {JsonObject} from '../api/json.ts';
import {dig, digString, isObject} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import {ownInitializers} from './names.ts';

/** A type by the canonical path of the workspace it lies in, and its name. */
export type TypeRef = {readonly path: string; readonly name: string};

/** A type found: `cluster` is the id of the workspace it lies in. */
export type FoundType = {readonly ref: TypeRef; readonly cluster: string; readonly object: KubeObject};

/** A type and everything it extends: itself last. */
export type Closure = readonly [...FoundType[], FoundType];

/** Looks a type up; the path may be a canonical path or an id. */
export type TypeLookup = (path: string, name: string) => Promise<FoundType | undefined>;

export const typeLimits = {
  /** How many types one type may extend in all, and how many references are followed to find them. */
  extendedTypesMax: 100,
  extensionsMax: 1_000,
} as const;

export const printType = ({path, name}: TypeRef): string => `${path}:${name}`;

export function parseType(text: string): TypeRef | undefined {
  const colon = text.lastIndexOf(':');
  return colon < 0 ? undefined : {path: text.slice(0, colon), name: text.slice(colon + 1)};
}

/**
 * Finds the type a workspace asks for: at the path it names, or else by name in the workspace's parent, then further up, and in
 * root at last (spec kcp 4.1).
 */
export async function findType(
  wanted: {readonly name: string; readonly path?: string | undefined},
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

/**
 * A type with everything it extends: each followed by its own bases, in the order they are named, the type itself last (spec kcp 4.1).
 * @returns why not, of types that extend themselves or what is not there
 */
export async function withBases(type: FoundType, lookup: TypeLookup): Promise<Closure | string> {
  const {extendedTypesMax, extensionsMax} = typeLimits;
  const found: FoundType[] = [];
  const seen = new Set<string>();
  let followed = 0;
  const visit = async (at: FoundType, trail: readonly string[]): Promise<string | undefined> => {
    const path = [...trail, printType(at.ref)];
    seen.add(printType(at.ref));
    for (const wanted of refs(at, 'spec', 'extend', 'with')) {
      if (found.length >= extendedTypesMax || ++followed > extensionsMax)
        return `workspace type ${printType(type.ref)} extends too many types`;
      const base = await findType(wanted, at.ref.path, lookup);
      if (!base) return `unable to find inherited workspace type ${wanted.name}`;
      const name = printType(base.ref);
      const from = path.indexOf(name);
      if (from >= 0) return `circular dependency detected in workspace type ${name}: ${path.slice(from).join(' -> ')}`;
      if (seen.has(name)) continue;
      found.push(base);
      const problem = await visit(base, path);
      if (problem) return problem;
    }
    return undefined;
  };
  return (await visit(type, [])) ?? [...found, type];
}

/** The references in a list of a type, as they are written. */
function refs(type: FoundType, ...path: readonly string[]): TypeRef[] {
  const list = dig(asJson(type.object), ...path);
  if (!Array.isArray(list)) return [];
  return list.filter(isObject).map(item => ({path: digString(item, 'path') ?? '', name: digString(item, 'name') ?? ''}));
}

/** A type with its bases, and how the workspace in question calls it. */
export type Named = {readonly name: string; readonly types: Closure};

/**
 * Whether a workspace of one type may lie in one of another (spec kcp 4.1).
 * @returns why not: what the child says of parents, or else what the parent says of children
 */
export function nestingProblem(child: Named, parent: Named): string | undefined {
  return (
    limitProblems(child, parent, {field: 'limitAllowedParents', of: 'parent'}) ??
    limitProblems(parent, child, {field: 'limitAllowedChildren', of: 'child'})
  );
}

type Limit = {readonly field: 'limitAllowedParents' | 'limitAllowedChildren'; readonly of: 'parent' | 'child'};

function limitProblems(limiting: Named, limited: Named, {field, of}: Limit): string | undefined {
  const problems = new Set<string>();
  const implemented = sorted(limited.types.map(({ref}) => printType(ref)));
  for (const alias of limiting.types) {
    if (dig(asJson(alias.object), 'spec', field, 'none') === true) {
      problems.add(`workspace type ${limiting.name} cannot have any ${of}`);
      continue;
    }
    const allowed = sorted(refs(alias, 'spec', field, 'types').map(printType));
    if (allowed.length === 0 || allowed.some(name => implemented.includes(name))) continue;
    const name = printType(alias.ref);
    const via = name === limiting.name ? '' : ` extends ${name}, which`;
    problems.add(
      `workspace type ${limiting.name}${via} only allows ${list(allowed)} ${of} workspaces, but ${of} type ${limited.name} only implements ${list(implemented)}`,
    );
  }
  if (problems.size === 0) return undefined;
  return problems.size === 1 ? [...problems][0] : `[${[...problems].join(', ')}]`;
}

const sorted = (names: readonly string[]): readonly string[] => [...new Set(names)].sort();
const list = (names: readonly string[]): string => `[${names.join(' ')}]`;

/** The type of children that name none. */
export function defaultChildType({object}: FoundType): {readonly name: string; readonly path?: string} {
  const found = dig(asJson(object), 'spec', 'defaultChildWorkspaceType');
  const name = digString(found, 'name');
  const path = digString(found, 'path');
  return name ? {name, ...(path && {path})} : {name: 'universal', path: 'root'};
}

/** Labels that a type puts on its workspaces; those of its bases do not count. */
export function additionalLabels({object}: FoundType): JsonObject {
  const found = dig(asJson(object), 'spec', 'additionalWorkspaceLabels');
  return isObject(found) ? found : {};
}

/** The default bindings of a type and its bases, each once. */
export function defaultBindings(closure: Closure): readonly {readonly path: string; readonly export: string}[] {
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

/** The initializers or terminators that new workspaces of a type wait for, the type's own last. */
export function lifecycleIds(closure: Closure, field: 'initializer' | 'terminator'): string[] {
  const ids = closure.filter(type => dig(asJson(type.object), 'spec', field) === true).map(type => `${type.cluster}:${type.ref.name}`);
  if (field === 'initializer' && defaultBindings(closure).length > 0) ids.push(ownInitializers.bindings);
  return ids;
}
