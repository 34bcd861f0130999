/** Keeps the `max` entries used last. For things that can be made again from what is stored. */
export class BoundedCache<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  getOrMake(key: K, make: () => V): V {
    const found = this.#entries.get(key);
    if (found !== undefined) {
      // Maps keep insertion order: putting it back last makes the first one the least recently used.
      this.#entries.delete(key);
      this.#entries.set(key, found);
      return found;
    }
    const made = make();
    this.#entries.set(key, made);
    if (this.#entries.size > this.#max) this.#entries.delete(this.#entries.keys().next().value as K);
    return made;
  }
}
