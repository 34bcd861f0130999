import type {Json} from '../../api/json.ts';
import {getKey, isObject} from '../../api/json.ts';
import type {JsonSchema} from '../../schema/json-schema.ts';
import {childSchema, isUnchanged} from '../../schema/unchanged.ts';

/** A value of an update and what it was before. Whether it changed is found out once, when someone asks. */
export class Correlation {
  readonly old: Json;
  readonly #schema: JsonSchema;
  readonly #value: Json;
  #unchanged: boolean | undefined;

  constructor(schema: JsonSchema, value: Json, old: Json) {
    this.#schema = schema;
    this.#value = value;
    this.old = old;
  }

  get unchanged(): boolean {
    this.#unchanged ??= isUnchanged(this.#schema, this.#value, this.old);
    return this.#unchanged;
  }

  /** The same of what is under a key; undefined where the old value has nothing there. */
  key(key: string): Correlation | undefined {
    const schema = childSchema(this.#schema, key);
    const value = isObject(this.#value) ? getKey(this.#value, key) : undefined;
    const old = isObject(this.old) ? getKey(this.old, key) : undefined;
    return schema && value !== undefined && old !== undefined ? new Correlation(schema, value, old) : undefined;
  }

  /** The same of an item that was found to have been `old`. */
  item(value: Json, old: Json | undefined): Correlation | undefined {
    const {items} = this.#schema;
    return items && old !== undefined && old !== null ? new Correlation(items, value, old) : undefined;
  }
}

/**
 * What errors of a node are forgiven by: the correlation of its value, or where there is none, of the nearest value around it that
 * has one (spec kubernetes-api 6.7).
 */
export type Ratchet = {readonly own: Correlation | undefined; readonly around: Correlation | undefined};

export const noRatchet: Ratchet = {own: undefined, around: undefined};

export const forgives = ({own, around}: Ratchet): boolean => (own ?? around)?.unchanged === true;

/** Old and new come in one version, so that these never seem to change. */
const typeFields: ReadonlySet<string> = new Set(['apiVersion', 'kind']);

export function ratchetOfKey(ratchet: Ratchet, key: string): Ratchet {
  const {own, around} = ratchet;
  if (!own) return ratchet;
  return around === undefined && typeFields.has(key) ? noRatchet : {own: own.key(key), around: own};
}

export function ratchetOfItem(ratchet: Ratchet, item: Json, old: Json | undefined): Ratchet {
  const {own} = ratchet;
  return own ? {own: own.item(item, old), around: own} : ratchet;
}
