import {at, atKey} from '../../api/field-error.ts';
import type {JsonSchema} from '../../schema/json-schema.ts';

const step = /\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\]/y;
const escapes: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ["'", "'"],
  ['\\', '\\'],
]);

/**
 * The field that `fieldPath` of a rule names, as errors show it: `.spec['a.b']` is `spec.a.b`, a key of a map is in brackets
 * (spec kubernetes-api 6.6). Undefined when the path is malformed, or names nothing that the schema has.
 */
export function normalizeFieldPath(path: string, schema: JsonSchema): string | undefined {
  let [shown, found] = ['', schema];
  let end = 0;
  while (end < path.length) {
    step.lastIndex = end;
    const match = step.exec(path);
    const name = match && (match[1] ?? plainText(match[2]!));
    if (name === null || name === undefined) return undefined;
    end += match![0].length;
    const {properties, additionalProperties} = found;
    if (properties) {
      if (!Object.hasOwn(properties, name)) return undefined;
      found = properties[name]!;
      shown = at(shown, name);
    } else {
      if (typeof additionalProperties !== 'object') return undefined;
      found = additionalProperties;
      shown = atKey(shown, name);
    }
  }
  return shown;
}

function plainText(quoted: string): string | undefined {
  const parts = quoted.split(/\\(.)/s);
  const plain = parts.map((part, i) => (i % 2 === 0 ? part : escapes.get(part)));
  return plain.includes(undefined) ? undefined : plain.join('');
}
