import type {Type} from './types.ts';
import {dyn, mapOf, typeOf} from './types.ts';

/** What parameters of types were found to stand for. Attempts can be undone, at the price of what they bound. */
export class Bindings {
  readonly #types = new Map<string, Type>();
  readonly #names: string[] = [];

  get(name: string): Type | undefined {
    return this.#types.get(name);
  }

  set(name: string, type: Type): void {
    this.#types.set(name, type);
    this.#names.push(name);
  }

  /** Runs an attempt; when it comes out false, forgets what it bound. */
  attempt(run: () => boolean): boolean {
    const before = this.#names.length;
    if (run()) return true;
    for (const name of this.#names.splice(before)) this.#types.delete(name);
    return false;
  }
}

/**
 * Whether a value of type `from` may be where `to` is asked for; binds parameters on both sides on the way. `dyn` goes either way.
 * What is bound before a false answer is for the caller to undo.
 */
export function assignable(bindings: Bindings, from: Type, to: Type): boolean {
  const [source, target] = [deref(bindings, from), deref(bindings, to)];
  if (source === target) return true;
  if (target.kind === 'param') return bind(bindings, target.name, source);
  if (source.kind === 'param') return bind(bindings, source.name, target);
  if (source.kind === 'dyn' || target.kind === 'dyn') return true;
  if (target.kind === 'null' && source.kind === 'wrapper') return true;
  if (target.kind === 'wrapper') return source.kind === 'null' || assignable(bindings, source, target.of);
  if (source.kind === 'wrapper') return assignable(bindings, source.of, target);
  if (source.kind === 'null') return nullable.has(target.kind);
  if (target.kind === 'null') return nullable.has(source.kind);
  return source.kind === target.kind && sameShape(bindings, source, target);
}

const nullable: ReadonlySet<Type['kind']> = new Set(['null', 'object', 'opaque', 'timestamp', 'duration']);

function sameShape(bindings: Bindings, source: Type, target: Type): boolean {
  if (source.kind === 'list' && target.kind === 'list') return assignable(bindings, source.item, target.item);
  if (source.kind === 'map' && target.kind === 'map') {
    return assignable(bindings, source.key, target.key) && assignable(bindings, source.value, target.value);
  }
  if (source.kind === 'type' && target.kind === 'type') return true;
  if (source.kind === 'object' && target.kind === 'object') return source.name === target.name;
  if (source.kind === 'opaque' && target.kind === 'opaque') {
    const {params} = target;
    return source.name === target.name && source.params.every((param, i) => assignable(bindings, param, params[i]!));
  }
  return true;
}

function bind(bindings: Bindings, name: string, type: Type): boolean {
  if (occurs(bindings, name, type)) return false;
  bindings.set(name, type);
  return true;
}

function occurs(bindings: Bindings, name: string, type: Type): boolean {
  const found = deref(bindings, type);
  return found.kind === 'param' ? found.name === name : children(found).some(child => occurs(bindings, name, child));
}

function children(type: Type): readonly Type[] {
  switch (type.kind) {
    case 'list':
      return [type.item];
    case 'map':
      return [type.key, type.value];
    case 'opaque':
      return type.params;
    case 'type':
    case 'wrapper':
      return [type.of];
    default:
      return [];
  }
}

/** The type itself, or what a parameter stands for so far. */
export function deref(bindings: Bindings, type: Type): Type {
  let at = type;
  while (at.kind === 'param') {
    const bound = bindings.get(at.name);
    if (!bound) return at;
    at = bound;
  }
  return at;
}

/** The type with each parameter replaced: by what it stands for, else by `free` of it. */
export function substitute(bindings: Bindings, type: Type, free: (param: Type & {kind: 'param'}) => Type): Type {
  const found = deref(bindings, type);
  const inner = (child: Type): Type => substitute(bindings, child, free);
  switch (found.kind) {
    case 'param':
      return free(found);
    case 'list':
      return {...found, item: inner(found.item)};
    case 'map':
      return mapOf(inner(found.key), inner(found.value));
    case 'type':
      return typeOf(inner(found.of));
    case 'opaque':
      return {...found, params: found.params.map(inner)};
    default:
      return found;
  }
}

/** What is still open when all is checked may be anything. */
export const settle = (bindings: Bindings, type: Type): Type => substitute(bindings, type, () => dyn);
