import type {FieldSet, Trie} from './field-set.ts';
import {leaf} from './field-set.ts';
import type {FieldType} from './field-type.ts';
import {childType} from './field-type.ts';
import {fieldName, self} from './path-element.ts';

/**
 * The set as it is under the type of today: what has become atomic since is one field, owned by whoever owned a part of it. The other
 * way nothing can be told from the set, since a map that is owned without what is in it looks like a whole one; such a field stays
 * with its owner, and what is in it comes to those who write it next.
 */
export function reconcile(type: FieldType, set: FieldSet): FieldSet {
  let result: Trie | undefined;
  for (const element in set) {
    if (element === self) continue;
    const node = set[element]!;
    const reconciled = reconcileNode(childOf(type, element), node);
    if (reconciled === node) continue;
    result ??= {...set};
    result[element] = reconciled;
  }
  return result ?? set;
}

function reconcileNode(type: FieldType | undefined, node: FieldSet): FieldSet {
  switch (type?.is) {
    case 'map':
    case 'set':
    case 'items':
      return reconcile(type, node);
    case 'atomic list':
    case 'atomic map':
      for (const _ in node) return leaf;
      return node;
    default:
      return node;
  }
}

function childOf(type: FieldType, element: string): FieldType | undefined {
  if (type.is === 'set' || type.is === 'items') return type.items;
  const name = type.is === 'map' ? fieldName(element) : undefined;
  return name === undefined || type.is !== 'map' ? undefined : childType(type, name);
}
