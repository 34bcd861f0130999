/**
 * Values on their way to a disk and back: which are sealed, with what, and how that looks (decision 0008). A sealed value opens under the key it was
 * written to and under no other.
 */
import {createCipheriv, createDecipheriv, createHash, hkdfSync, randomFillSync} from 'node:crypto';
import {holds} from '../ranges.ts';
import {type Key, type Range, Unreadable} from '../storage.ts';

export type SealingKey = {
  /** For people. What tells keys apart is made of their secrets. */
  readonly name: string;
  /** 16, 24 or 32 bytes. */
  readonly secret: Uint8Array;
};

/** What is sealed with which key. Plain data, since it goes to other threads. */
export type SealingPlan = {
  /** The first one whose range holds a key tells how its value is written: `with` a key, or plain. What no rule is about is plain. */
  readonly rules: readonly {readonly range: Range; readonly with: SealingKey | undefined}[];
  /** All keys that open, those of the rules among them. */
  readonly keys: readonly SealingKey[];
};

export const nothingSealed: SealingPlan = {rules: [], keys: []};

/**
 * `mark | format`, and of sealed values `key id | salt | nonce | ciphertext | tag`. Values of this program are JSON and never begin so, but a store takes
 * any bytes.
 */
const mark = Buffer.from('\0kcp');
const format = {plain: 0, aes256gcm: 1} as const;
const formatAt = mark.length;
const plainHead = Buffer.concat([mark, Buffer.of(format.plain)]);
const idBytes = 8;
const saltBytes = 16;
const nonceBytes = 12;
const tagBytes = 16;
const idAt = formatAt + 1;
const saltAt = idAt + idBytes;
const nonceAt = saltAt + saltBytes;
const headBytes = nonceAt + nonceBytes;
const cipherKeyBytes = 32;

/** Values sealed with one salt: far below what random nonces allow (2^32), and often enough that nobody has to count. */
const valuesOfSaltMax = 2 ** 20;
/** Ciphers' keys that are remembered. Each start leaves a salt or a few among the values. */
const cipherKeysMax = 1_024;

const derive = (secret: Uint8Array, salt: Uint8Array, use: string, bytes: number): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, salt, use, bytes));

/** What tells a key apart from all others, whatever it is called. */
export const keyId = (secret: Uint8Array): string => derive(secret, new Uint8Array(0), 'kcp sealed value: key id', idBytes).toString('hex');

type Writing = {readonly id: string; salt: Buffer; cipherKey: Buffer; left: number};

/** Seals and opens by one plan. */
export class Sealer {
  /** Tells plans apart that write values in different ways. */
  readonly fingerprint: string;
  readonly #rules: readonly {readonly range: Range; readonly writing: Writing | undefined}[];
  readonly #secrets: ReadonlyMap<string, Uint8Array>;
  readonly #cipherKeys = new Map<string, Buffer>();

  constructor({rules, keys}: SealingPlan) {
    const all = [...keys, ...rules.flatMap(rule => rule.with ?? [])];
    this.#secrets = new Map(all.map(({secret}) => [keyId(secret), secret]));
    const writings = new Map<string, Writing>();
    const writingWith = ({secret}: SealingKey): Writing => {
      const id = keyId(secret);
      const writing = writings.get(id) ?? {id, salt: Buffer.alloc(0), cipherKey: Buffer.alloc(0), left: 0};
      writings.set(id, writing);
      return writing;
    };
    this.#rules = rules.map(rule => ({range: rule.range, writing: rule.with && writingWith(rule.with)}));
    const text = JSON.stringify(this.#rules.map(({range, writing}) => [range, writing?.id]));
    this.fingerprint = createHash('sha256').update(text).digest('hex');
  }

  /** The key that values under a storage key are sealed with from now on. */
  idFor(key: Key): string | undefined {
    return this.#rules.find(({range}) => holds(range, key))?.writing?.id;
  }

  /** Whether values are sealed with the key of this id from now on. */
  writes(id: string): boolean {
    return this.#rules.some(({writing}) => writing?.id === id);
  }

  /** The bytes for the disk; the value itself when it stays plain. */
  seal(key: Key, value: Uint8Array): Uint8Array {
    const writing = this.#rules.find(({range}) => holds(range, key))?.writing;
    if (!writing) return isMarked(value) ? Buffer.concat([plainHead, value]) : value;
    if (writing.left-- <= 0) this.#salt(writing);
    const sealed = Buffer.allocUnsafeSlow(headBytes + value.length + tagBytes);
    mark.copy(sealed);
    sealed[formatAt] = format.aes256gcm;
    sealed.write(writing.id, idAt, 'hex');
    writing.salt.copy(sealed, saltAt);
    // From the system and never handed in: whoever can foresee nonces can make them repeat.
    randomFillSync(sealed, nonceAt, nonceBytes);
    const head = sealed.subarray(0, headBytes);
    const cipher = createCipheriv('aes-256-gcm', writing.cipherKey, head.subarray(nonceAt));
    cipher.setAAD(boundTo(head, key));
    cipher.update(value).copy(sealed, headBytes);
    cipher.final();
    cipher.getAuthTag().copy(sealed, headBytes + value.length);
    return sealed;
  }

  /** The value again, which may be a part of the bytes. @throws Unreadable */
  open(key: Key, bytes: Uint8Array): Uint8Array {
    if (!isMarked(bytes)) return bytes;
    if (bytes[formatAt] === format.plain) return bytes.subarray(plainHead.length);
    if (bytes[formatAt] !== format.aes256gcm || bytes.length < headBytes + tagBytes)
      throw new Unreadable(key, 'it is of a form that this program does not know');
    const sealed = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const head = sealed.subarray(0, headBytes);
    const cipherKey = this.#cipherKeyOf(head);
    if (!cipherKey) throw new Unreadable(key, `it is sealed with key ${head.toString('hex', idAt, saltAt)}, which is not there`);
    const decipher = createDecipheriv('aes-256-gcm', cipherKey, head.subarray(nonceAt), {authTagLength: tagBytes});
    decipher.setAAD(boundTo(head, key));
    decipher.setAuthTag(sealed.subarray(-tagBytes));
    // Memory of its own, for as long as it is kept at hand.
    const value = decipher.update(sealed.subarray(headBytes, -tagBytes));
    try {
      decipher.final();
    } catch {
      throw new Unreadable(key, 'it was damaged, or written under another key');
    }
    return value;
  }

  /** Whether this lies otherwise than it would be written now. */
  isDue(key: Key, bytes: Uint8Array): boolean {
    return this.idFor(key) !== sealedWith(bytes);
  }

  #salt(writing: Writing): void {
    const secret = this.#secrets.get(writing.id)!;
    writing.salt = randomFillSync(Buffer.alloc(saltBytes));
    writing.cipherKey = cipherKeyFrom(secret, writing.salt);
    writing.left = valuesOfSaltMax - 1;
  }

  #cipherKeyOf(head: Buffer): Buffer | undefined {
    const name = head.toString('latin1', idAt, nonceAt);
    const known = this.#cipherKeys.get(name);
    if (known) return known;
    const secret = this.#secrets.get(head.toString('hex', idAt, saltAt));
    if (!secret) return undefined;
    const made = cipherKeyFrom(secret, head.subarray(saltAt, nonceAt));
    if (this.#cipherKeys.size >= cipherKeysMax) this.#cipherKeys.clear();
    this.#cipherKeys.set(name, made);
    return made;
  }
}

const cipherKeyFrom = (secret: Uint8Array, salt: Uint8Array): Buffer =>
  derive(secret, salt, 'kcp sealed value: AES-256-GCM', cipherKeyBytes);

/** The id of the key that this is sealed with; undefined of what is plain. */
export function sealedWith(bytes: Uint8Array): string | undefined {
  if (!isMarked(bytes) || bytes[formatAt] === format.plain) return undefined;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex', idAt, saltAt);
}

const isMarked = (bytes: Uint8Array): boolean => bytes[0] === 0 && bytes.length > formatAt && mark.every((byte, i) => bytes[i] === byte);

/** What must be the same when it is opened: the header, and where it lies. */
const boundTo = (head: Buffer, key: Key): Buffer => Buffer.concat([head, Buffer.from(key, 'latin1')]);
