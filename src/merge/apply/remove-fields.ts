import type {Json, JsonArray, JsonObject} from '../../api/json.ts';
import {isObject, setKey} from '../../api/json.ts';
import type {FieldSet} from './field-set.ts';
import {isEmpty, isMember} from './field-set.ts';
import type {FieldType, MapType} from './field-type.ts';
import {childType, formOf} from './field-type.ts';
import {itemElement} from './list-items.ts';
import {fieldElement} from './path-element.ts';

/**
 * The value without the members of `set` and what is below them. Declared maps and lists go with the last thing in them; others
 * stay, empty. Shares with `value` what did not change.
 */
export const removeFields = (type: MapType, value: JsonObject, set: FieldSet): JsonObject =>
  isEmpty(set) ? value : ((removeAt(type, value, set) as JsonObject | undefined) ?? {});

/** Undefined if nothing is left of it. */
function removeAt(type: FieldType, value: Json, set: FieldSet): Json | undefined {
  const form = formOf(type, value);
  if (form.is === 'map' && isObject(value)) return removeKeys(form, value, set);
  if ((form.is !== 'set' && form.is !== 'items') || !Array.isArray(value)) return value;
  const kept: JsonArray = [];
  for (const item of value) {
    const element = itemElement(form, item);
    const node = typeof element === 'string' ? set[element] : undefined;
    if (node === undefined) kept.push(item);
    else if (!isMember(node)) kept.push(removeAt(form.items, item, node) ?? {});
  }
  return kept.length === 0 && value.length > 0 ? undefined : kept;
}

function removeKeys(type: MapType, value: JsonObject, set: FieldSet): JsonObject | undefined {
  const kept: JsonObject = {};
  let left = 0;
  let all = 0;
  for (const key of Object.keys(value)) {
    all++;
    const item = value[key]!;
    const node = set[fieldElement(key)];
    if (node !== undefined && isMember(node)) continue;
    let rest: Json | undefined = node === undefined ? item : removeAt(childType(type, key), item, node);
    if (rest === undefined && !type.fields.has(key)) rest = Array.isArray(item) ? [] : {};
    if (rest === undefined) continue;
    setKey(kept, key, rest);
    left++;
  }
  return left === 0 && all > 0 ? undefined : kept;
}
