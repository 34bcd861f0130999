import type {JsonSchema} from './json-schema.ts';

/**
 * The format of a schema if values are held to it (spec kubernetes-api 6.3), as it is written there; undefined for formats
 * that only inform. Formats belong to one type each.
 */
export function formatOf(schema: JsonSchema): string | undefined {
  const {format} = schema;
  if (!format) return undefined;
  if (schema['x-kubernetes-int-or-string'] || schema.type === undefined || schema.type === 'string') {
    return normalize(format) in stringFormats ? format : undefined;
  }
  if (schema.type === 'integer') return format === 'int32' || format === 'int64' ? format : undefined;
  if (schema.type === 'number') return format === 'float' || format === 'double' ? format : undefined;
  return undefined;
}

const numberFormats: ReadonlySet<string> = new Set(['int32', 'int64', 'float', 'double']);

/** Whether a format means anything here, for whatever type. */
export const isKnownFormat = (format: string): boolean => numberFormats.has(format) || normalize(format) in stringFormats;

/** The check of a format of strings; undefined for formats of other types. */
export const formatChecked = (format: string): ((text: string) => boolean) | undefined => stringFormats[normalize(format)];

/** `date-time` and `datetime` are one. */
const normalize = (format: string): string => format.replaceAll('-', '');

const matching =
  (pattern: RegExp) =>
  (text: string): boolean =>
    pattern.test(text);

const shortName = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
const shortNamePattern = new RegExp(`^${shortName}$`);
const uuid = (third: string, fourth: string): RegExp => new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${third}-?${fourth}-?[0-9a-f]{12}$`, 'i');

const stringFormats: {readonly [format: string]: (text: string) => boolean} = Object.assign(Object.create(null), {
  bsonobjectid: matching(/^[0-9a-fA-F]{24}$/),
  uri: isRequestUri,
  email: isEmail,
  hostname: isHostname,
  ipv4: (text: string) => isIpv4(text) || (text.includes('.') && isIpv6(text)),
  ipv6: isIpv6,
  cidr: isCidr,
  mac: isMac,
  uuid: matching(uuid('[0-9a-f]{4}', '[0-9a-f]{4}')),
  uuid3: matching(uuid('3[0-9a-f]{3}', '[0-9a-f]{4}')),
  uuid4: matching(uuid('4[0-9a-f]{3}', '[89ab][0-9a-f]{3}')),
  uuid5: matching(uuid('5[0-9a-f]{3}', '[89ab][0-9a-f]{3}')),
  isbn: (text: string) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  ssn: (text: string) => text.length === 11 && /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text),
  hexcolor: matching(/^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/),
  rgbcolor: isRgbColor,
  byte: (text: string) => text.length > 0 && text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text),
  password: () => true,
  date: isDate,
  duration: isDuration,
  datetime: isDateTime,
  k8sshortname: (text: string) => text.length <= 63 && shortNamePattern.test(text),
  k8slongname: (text: string) => text.length <= 253 && text.split('.').every(matching(shortNamePattern)),
});

/** 6, 8 or 20 bytes in hexadecimal: pairs with `:` or `-` between them, fours with `.`, or nothing between. */
function isMac(text: string): boolean {
  const separator = /^[0-9a-f]{2}([:-])|^[0-9a-f]{4}(\.)/i.exec(text);
  const mark = separator?.[1] ?? separator?.[2] ?? '';
  const parts = mark ? text.split(mark, 21) : [text];
  const width = mark === '.' ? 4 : mark ? 2 : text.length;
  const digits = parts.join('');
  return [12, 16, 40].includes(digits.length) && parts.every(part => part.length === width) && /^[0-9a-f]+$/i.test(digits);
}

const badEscape = /%(?![0-9a-fA-F]{2})/;

/** A URI with a scheme, or an absolute path. */
function isRequestUri(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\x00-\x1f\x7f]/.test(text)) return false;
  if (text === '*' || text.startsWith('/')) return !badEscape.test(text);
  const rest = /^[a-zA-Z][a-zA-Z0-9+.-]*:(.*)$/.exec(text)?.[1];
  if (rest === undefined) return false;
  if (!rest.startsWith('/')) return true;
  if (badEscape.test(rest)) return false;
  const authority = /^\/\/([^/?#]*)/.exec(rest)?.[1];
  return authority === undefined || /^(?:[^\s<>"@[\]]*@)?(?:\[[0-9a-fA-F:.%a-z]*\]|[^\s<>"@:[\]\\^`{}|]*)(?::\d*)?$/.test(authority);
}

const emailCharsMax = 1000;
const atext = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\u0080-\\uffff-]";
const addressPattern = new RegExp(
  `^(?:${atext}+(?:\\.${atext}+)*|"(?:[^"\\\\\\r\\n]|\\\\.)*")@(?:${atext}+(?:\\.${atext}+)*|\\[[^\\[\\]\\\\\\s]*\\])$`,
);

/** `a@b.c`, or a name with such an address in angle brackets. */
function isEmail(text: string): boolean {
  if (text.length > emailCharsMax) return false;
  const trimmed = text.trim();
  if (!trimmed.endsWith('>')) return addressPattern.test(trimmed);
  const open = trimmed.lastIndexOf('<');
  return open >= 0 && !/[<>@,;:\\]/.test(trimmed.slice(0, open)) && addressPattern.test(trimmed.slice(open + 1, -1));
}

const hostCharsMax = 255;
const hostChar = '[a-zA-Z0-9\\p{S}\\p{L}]';
const hostPattern = new RegExp(
  `^(?:${hostChar}-?${hostChar}{0,62}|(?:${hostChar}(?:(?:-|${hostChar}){0,61}${hostChar})?\\.)+[a-zA-Z\\p{L}]{2,63})$`,
  'u',
);

function isHostname(text: string): boolean {
  return text.length <= hostCharsMax && hostPattern.test(text) && text.split('.').every(label => label.length <= 63);
}

function isIpv4(text: string): boolean {
  const parts = text.split('.', 5);
  return parts.length === 4 && parts.every(part => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}

function isIpv6(text: string): boolean {
  if (text.length > 45 || !text.includes(':')) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap(half => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1) ?? '';
  const mapped = last.includes('.');
  if (mapped && (!isIpv4(last) || text.endsWith('::'))) return false;
  const count = groups.length + (mapped ? 1 : 0);
  const hex = mapped ? groups.slice(0, -1) : groups;
  return hex.every(group => /^[0-9a-fA-F]{1,4}$/.test(group)) && (halves.length === 2 ? count <= 7 : count === 8);
}

function isCidr(text: string): boolean {
  const slash = text.indexOf('/');
  if (slash < 0) return false;
  const address = text.slice(0, slash);
  const bits = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(bits)) return false;
  return isIpv4(address) ? Number(bits) <= 32 : isIpv6(address) && Number(bits) <= 128;
}

function isIsbn10(text: string): boolean {
  const digits = text.replace(/[\s-]/g, '');
  if (!/^\d{9}[\dX]$/.test(digits)) return false;
  let sum = digits[9] === 'X' ? 100 : 10 * Number(digits[9]);
  for (let i = 0; i < 9; i++) sum += (i + 1) * Number(digits[i]);
  return sum % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const digits = text.replace(/[\s-]/g, '');
  if (!/^\d{13}$/.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < 13; i++) sum += (i % 2 ? 3 : 1) * Number(digits[i]);
  return sum % 10 === 0;
}

const cardPattern =
  /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/;

function isCreditCard(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  if (!cardPattern.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    sum += i % 2 === 0 ? digit : digit < 5 ? digit * 2 : digit * 2 - 9;
  }
  return sum % 10 === 0;
}

function isRgbColor(text: string): boolean {
  const inner = /^rgb\(([^()]*)\)$/.exec(text)?.[1];
  const parts = inner?.split(',', 4).map(part => part.trim());
  return parts?.length === 3 && parts.every(part => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return days !== undefined && day >= 1 && day <= days;
}

function isDateTime(text: string): boolean {
  const match = /^([^t]*)t(\d{2}):(\d{2}):(\d{2})(?:.\d+)?(?:z|[+-]\d{2}:\d{2})$/.exec(text.toLowerCase());
  return match !== null && isDate(match[1]!) && match[2]! <= '23' && match[3]! <= '59' && match[4]! <= '59';
}

const durationCharsMax = 256;
const goDuration = /^[-+]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
const scalaUnit = /^(?:(?:ns|us|µs|ms|[smhdw]|hr|wk)$|nano|micro|milli|sec|min|hour|day|week)/;

/** Go's durations (`1h30m`), and Scala's (`2 days`). */
function isDuration(text: string): boolean {
  if (text.length > durationCharsMax) return false;
  if (goDuration.test(text)) return true;
  return [...text.matchAll(/(?<!\d)\d+\s*([A-Za-zµ]+)/g)].some(match => scalaUnit.test(match[1]!.toLowerCase()));
}
