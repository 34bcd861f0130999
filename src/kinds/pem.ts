/** A block of PEM (RFC 7468): `-----BEGIN <label>-----`, perhaps headers, base64, and the same with END. */
export type PemBlock = {readonly label: string; readonly hasHeaders: boolean; readonly bytes: Buffer};

const begin = '-----BEGIN ';
const end = '-----END ';
const dashes = '-----';

/** The blocks in a text, as Kubernetes finds them: whatever stands around them is passed over, and so is what only looks like one. */
export function* pemBlocks(text: string): Generator<PemBlock> {
  // Each position is looked at by one search only, so that a text of nothing but beginnings is read in one go.
  for (let start = lineWith(text, begin, 0); start >= 0; ) {
    const next = lineWith(text, begin, start + begin.length);
    const block = blockOf(text.slice(start, next < 0 ? text.length : next));
    if (block) yield block;
    start = next;
  }
}

/** Where the next line begins that begins so; -1 where none does. */
function lineWith(text: string, words: string, from: number): number {
  if (from === 0 && text.startsWith(words)) return 0;
  const found = text.indexOf(`\n${words}`, Math.max(from - 1, 0));
  return found < 0 ? -1 : found + 1;
}

/** The block at the beginning of a text that holds no second beginning. */
function blockOf(text: string): PemBlock | undefined {
  const head = /^-----BEGIN ([^\n]*)-----[ \t\r]*\n/.exec(text);
  if (!head) return undefined;
  const label = head[1] as string;
  let from = head[0].length;
  let hasHeaders = false;
  for (let line = headerAt(text, from); line !== undefined; line = headerAt(text, from)) {
    hasHeaders = true;
    from += line;
  }
  const to = lineWith(text, end, from - 1);
  if (to < 0) return undefined;
  const tail = text.slice(to + end.length).split('\n', 1)[0] as string;
  if (!tail.startsWith(label + dashes) || tail.slice(label.length + dashes.length).trim() !== '') return undefined;
  const base64 = text.slice(from, to).replace(/[ \t\r\n]/g, '');
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return undefined;
  return {label, hasHeaders, bytes: Buffer.from(base64, 'base64')};
}

/** The length of the line there, if it is a header. */
function headerAt(text: string, from: number): number | undefined {
  const to = text.indexOf('\n', from);
  if (to < 0) return undefined;
  return text.slice(from, to).includes(':') ? to + 1 - from : undefined;
}
