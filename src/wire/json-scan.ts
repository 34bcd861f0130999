/** What a look at the bytes of a well-formed document found. */
export type Finding =
  /** JSON.parse says all there is to say. */
  | 'plain'
  /** Perhaps a key given twice, or a number that JSON.parse cannot hold: read it exactly. */
  | 'odd'
  | 'too deep';

/** An integer of fewer digits is exact in a double. */
const exactDigits = 16;
/** Up to this many keys of an object are compared pair by pair, more are sorted. */
const pairwiseKeysMax = 8;

const [quote, backslash, comma, openBrace, closeBrace, openBracket, closeBracket] = [0x22, 0x5c, 0x2c, 0x7b, 0x7d, 0x5b, 0x5d];
const [zero, nine, dot, lowerE, upperE] = [0x30, 0x39, 0x2e, 0x65, 0x45];

// Scratch space that all calls share: a scan neither waits nor nests.
let bases = new Int32Array(0);
let hashes = new Int32Array(64);

/**
 * One pass over the bytes of a document that JSON.parse accepted. Of each key only a hash is kept, on a stack that the open objects
 * share; equal hashes within one object are odd, though mostly for nothing.
 */
export function scan(bytes: Uint8Array, depthMax: number): Finding {
  if (bases.length <= depthMax) bases = new Int32Array(depthMax + 1);
  let top = 0;
  let depth = 0;
  let keyNext = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === quote) {
      let hash = 0;
      let at = i + 1;
      for (let b = bytes[at]!; b !== quote; b = bytes[++at]!) {
        if (b === backslash) {
          if (keyNext) return 'odd';
          at++;
        } else if (keyNext) hash = Math.imul(hash ^ b, 0x01000193) + 1;
      }
      i = at;
      if (keyNext) {
        if (top === hashes.length) hashes = twice(hashes);
        hashes[top++] = hash;
        keyNext = false;
      }
    } else if (byte === openBrace || byte === openBracket) {
      if (++depth > depthMax) return 'too deep';
      bases[depth] = byte === openBrace ? top : -1;
      keyNext = byte === openBrace;
    } else if (byte === closeBrace || byte === closeBracket) {
      const base = bases[depth--]!;
      if (base >= 0) {
        if (anyTwice(hashes, base, top)) return 'odd';
        top = base;
      }
      keyNext = false;
    } else if (byte === comma) keyNext = depth > 0 && bases[depth]! >= 0;
    else if (byte >= zero && byte <= nine) {
      const end = numberEnd(bytes, i);
      if (end < 0) return 'odd';
      i = end - 1;
    }
  }
  return 'plain';
}

function twice(hashes: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const longer = new Int32Array(hashes.length * 2);
  longer.set(hashes);
  return longer;
}

function anyTwice(hashes: Int32Array, from: number, to: number): boolean {
  if (to - from <= pairwiseKeysMax) {
    for (let i = from + 1; i < to; i++) for (let j = from; j < i; j++) if (hashes[i] === hashes[j]) return true;
    return false;
  }
  const sorted = hashes.subarray(from, to).sort();
  for (let i = 1; i < sorted.length; i++) if (sorted[i] === sorted[i - 1]) return true;
  return false;
}

/** Where the number ends that starts at `start`; -1 when a double may not hold it. */
function numberEnd(bytes: Uint8Array, start: number): number {
  let end = start;
  for (; end < bytes.length; end++) {
    const byte = bytes[end]!;
    if (byte === lowerE || byte === upperE) return -1;
    if ((byte < zero || byte > nine) && byte !== dot) break;
  }
  return end - start >= exactDigits ? -1 : end;
}
