import type {Entry, Key} from '../storage.ts';

/** What an entry costs beyond its value and key: the objects around them. */
const overheadBytes = 300;
const bytesOf = (entry: Entry): number => entry.value.length + entry.key.length + overheadBytes;

const absentKeysMax = 20_000;

/**
 * The newest entries of keys that were read or written of late, bounded in bytes. As long as an entry stays, all who ask get the very same
 * object.
 *
 * Two generations instead of a list by age: entries enter the young one; when that holds half of the budget it becomes the old one, and the
 * former old one goes. A hit among the young writes nothing.
 */
export class Hot {
  readonly #generationBytesMax: number;
  #young = new Map<Key, Entry>();
  #youngBytes = 0;
  #old = new Map<Key, Entry>();
  #oldBytes = 0;
  /** Keys known to have nothing under them. */
  readonly #absent = new Set<Key>();

  constructor(bytesMax: number) {
    this.#generationBytesMax = bytesMax / 2;
  }

  /** The entry, which counts as used. */
  get(key: Key): Entry | undefined {
    const young = this.#young.get(key);
    if (young) return young;
    const old = this.#old.get(key);
    if (old) this.set(old);
    return old;
  }

  /** The entry, without using it. */
  peek(key: Key): Entry | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  /** Whether the key is known to have nothing under it: those who ask for what was just deleted are not sent to the disk. */
  isAbsent(key: Key): boolean {
    return this.#absent.has(key);
  }

  /** Remembers that a key has nothing under it. */
  setAbsent(key: Key): void {
    this.delete(key);
    if (this.#absent.size >= absentKeysMax) this.#absent.clear();
    this.#absent.add(key);
  }

  /** Puts an entry in place of the one its key had. One that takes up much of the budget is not kept. */
  set(entry: Entry): void {
    this.#absent.delete(entry.key);
    const bytes = bytesOf(entry);
    if (bytes > this.#generationBytesMax / 4) {
      this.delete(entry.key);
      return;
    }
    const former = this.#young.get(entry.key);
    if (former) this.#youngBytes -= bytesOf(former);
    else this.#dropOld(entry.key);
    if (this.#youngBytes + bytes > this.#generationBytesMax) {
      this.#old = this.#young;
      this.#oldBytes = this.#youngBytes;
      this.#old.delete(entry.key);
      this.#young = new Map();
      this.#youngBytes = 0;
    }
    this.#young.set(entry.key, entry);
    this.#youngBytes += bytes;
  }

  /** Puts an entry only where nobody has to go for it: a walk over everything must not drive out what is used. */
  offer(entry: Entry): void {
    if (this.#youngBytes + bytesOf(entry) <= this.#generationBytesMax) this.set(entry);
  }

  delete(key: Key): void {
    const young = this.#young.get(key);
    if (young) {
      this.#young.delete(key);
      this.#youngBytes -= bytesOf(young);
    } else this.#dropOld(key);
  }

  #dropOld(key: Key): void {
    const old = this.#old.get(key);
    if (!old) return;
    this.#old.delete(key);
    this.#oldBytes -= bytesOf(old);
  }
}
