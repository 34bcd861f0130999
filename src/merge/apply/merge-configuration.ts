/** Merging a configuration that a policy made, whose fields nobody owns (spec kubernetes-api 9.6). */
import type {Json, JsonObject} from '../../api/json.ts';
import {clone, isObject} from '../../api/json.ts';
import {configErrors} from './check-config.ts';
import type {FieldType, MapType} from './field-type.ts';
import {formOf} from './field-type.ts';
import {mergeObjects} from './merge-values.ts';
import {fieldElement, type PathElement, printPath} from './path-element.ts';

/**
 * The object with the configuration merged in; it shares nothing. Or why it cannot be: the configuration does not fit the type, or has a list, map or
 * struct that is one field as a whole, of which it would take away what it does not name.
 */
export function mergeConfiguration(
  type: MapType,
  live: JsonObject,
  config: JsonObject,
): {readonly object: JsonObject} | {readonly error: string} {
  const misfits = configErrors(type, config);
  if (misfits !== undefined) return {error: `failed to convert patch object to typed object: ${misfits}`};
  const atomics = atomicsIn(type, config, []);
  if (atomics.length > 0)
    return {error: `invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomics.join(', ')}`};
  return {object: clone(mergeObjects(type, live, config))};
}

function atomicsIn(type: FieldType, value: Json, path: readonly PathElement[]): string[] {
  const form = formOf(type, value);
  if (isObject(value) && (form.is === 'map' || form.is === 'atomic map')) {
    const fields = form.is === 'map' ? form.fields : form.fields?.fields;
    const below = Object.entries(value).flatMap(([key, each]) => {
      const field = fields?.get(key);
      return field ? atomicsIn(field, each, [...path, fieldElement(key)]) : [];
    });
    return form.is === 'atomic map' ? [printPath(path), ...below] : below;
  }
  if (!Array.isArray(value)) return [];
  const items = 'items' in form ? form.items : undefined;
  const below = items ? value.flatMap((each, i) => atomicsIn(items, each, [...path, `i:${i}`])) : [];
  return form.is === 'atomic list' ? [printPath(path), ...below] : below;
}
