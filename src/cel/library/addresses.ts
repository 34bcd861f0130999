/** An IP address: a number of 32 bits or of 128. */
export type Address = {readonly value: bigint; readonly bits: 32 | 128};

const addressCharsMax = 45;
const octet = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const v4 = new RegExp(`^${octet}\\.${octet}\\.${octet}\\.${octet}$`);

/** The address that a text is; undefined for none, for one with a zone, and for an IPv4 address dressed as IPv6. */
export function parseAddress(text: string): Address | undefined {
  if (text.length > addressCharsMax) return undefined;
  if (!text.includes(':')) {
    const value = parseV4(text);
    return value === undefined ? undefined : {value, bits: 32};
  }
  const value = parseV6(text);
  return value === undefined || value >> 32n === 0xffffn ? undefined : {value, bits: 128};
}

function parseV4(text: string): bigint | undefined {
  return v4
    .exec(text)
    ?.slice(1)
    .reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function parseV6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [left, right] = halves.map((half, i) => parseGroups(half, i === halves.length - 1));
  if (!left || (halves.length === 2 && !right)) return undefined;
  const missing = 8 - left.length - (right?.length ?? 0);
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...left, ...Array<bigint>(missing).fill(0n), ...(right ?? [])];
  return groups.reduce((value, group) => (value << 16n) | group, 0n);
}

/** Groups of four digits; at the very end there may be an IPv4 address for two of them. */
function parseGroups(text: string, last: boolean): bigint[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const embedded = last && parts.at(-1)!.includes('.') ? parseV4(parts.pop()!) : undefined;
  if (!parts.every(part => /^[0-9a-fA-F]{1,4}$/.test(part))) return undefined;
  const groups = parts.map(part => BigInt(`0x${part}`));
  return embedded === undefined ? groups : [...groups, embedded >> 16n, embedded & 0xffffn];
}

/** The address as RFC 5952 wants it: lower case, the longest run of zeros left out. */
export function showAddress({value, bits}: Address): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map(shift => (value >> shift) & 0xffn).join('.');
  const groups = Array.from({length: 8}, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  let [start, length] = [0, 1];
  for (let i = 0; i < 8; i++) {
    let run = 0;
    while (groups[i + run] === '0') run++;
    if (run > length) [start, length] = [i, run];
  }
  if (length === 1) return groups.join(':');
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
}
