/** Configuration files, read as strictly as Kubernetes reads them: by type, and no field that nobody asks for. */
import type {Json, JsonObject} from './json.ts';
import {isObject} from './json.ts';

/** The configuration is not of the form it must have. The message is for people; it has no values. */
export class MalformedConfig extends Error {}

/** The fields of one object, taken one by one; what is left over in the end is unknown. null is as good as absent. */
export class ConfigFields {
  readonly #object: JsonObject;
  readonly #path: string;
  readonly #taken = new Set<string>();

  constructor(value: Json, path: string) {
    if (!isObject(value)) throw new MalformedConfig(`${path || 'the configuration'} must be an object`);
    this.#object = value;
    this.#path = path;
  }

  text(name: string): string {
    return this.maybeText(name) ?? '';
  }

  maybeText(name: string): string | undefined {
    const value = this.#take(name);
    if (value === undefined || typeof value === 'string') return value;
    throw new MalformedConfig(`${this.#at(name)} must be a string`);
  }

  flag(name: string): boolean {
    const value = this.#take(name) ?? false;
    if (typeof value === 'boolean') return value;
    throw new MalformedConfig(`${this.#at(name)} must be true or false`);
  }

  texts(name: string): readonly string[] {
    const value = this.#take(name) ?? [];
    if (Array.isArray(value) && value.every(each => typeof each === 'string')) return value;
    throw new MalformedConfig(`${this.#at(name)} must be a list of strings`);
  }

  list(name: string): readonly ConfigFields[] {
    const value = this.#take(name) ?? [];
    if (!Array.isArray(value)) throw new MalformedConfig(`${this.#at(name)} must be a list`);
    return value.map((each, i) => new ConfigFields(each, `${this.#at(name)}[${i}]`));
  }

  object(name: string): ConfigFields {
    return new ConfigFields(this.#take(name) ?? {}, this.#at(name));
  }

  optional(name: string): ConfigFields | undefined {
    const value = this.#take(name);
    return value === undefined ? undefined : new ConfigFields(value, this.#at(name));
  }

  /** What was read, once nothing else is there. */
  only<T>(read: T): T {
    this.end();
    return read;
  }

  end(): void {
    const unknown = Object.keys(this.#object).find(name => !this.#taken.has(name));
    if (unknown !== undefined) throw new MalformedConfig(`strict decoding error: unknown field "${this.#at(unknown)}"`);
  }

  #take(name: string): Json | undefined {
    this.#taken.add(name);
    return (Object.hasOwn(this.#object, name) ? this.#object[name] : undefined) ?? undefined;
  }

  #at(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }
}
