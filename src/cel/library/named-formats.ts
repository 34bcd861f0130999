import {dns1035Label, dnsLabel, dnsSubdomain, labelValue, qualifiedName} from '../../api/names.ts';
import {formatChecked} from '../../schema/formats.ts';
import type {Declaration} from '../functions.ts';
import {define, method} from '../functions.ts';
import {traversal} from '../meter.ts';
import {listOf, opaque, optionalOf, string} from '../types.ts';
import {Opaque, Optional} from '../values.ts';

const formatType = opaque('kubernetes.NamedFormat');
type Check = (text: string) => readonly string[];

class NamedFormat extends Opaque {
  readonly typeName = formatType.name;
  readonly name: string;
  readonly check: Check;

  constructor(name: string, check: Check) {
    super();
    this.name = name;
    this.check = check;
  }

  equals(other: Opaque): boolean {
    return other instanceof NamedFormat && this.name === other.name;
  }
}

/** Names are far shorter; their patterns are not looked at beyond. */
const nameCharsMax = 1024;
const short =
  (check: Check): Check =>
  text =>
    text.length > nameCharsMax ? [`must be no more than ${nameCharsMax} characters`] : check(text);
/** For what a generated name begins with: there the last dash is not the end. */
const prefix = (check: Check): Check => short(text => check(text.replace(/^(.+)-$/s, '$1a')));
const schema =
  (format: string, fault: string): Check =>
  text =>
    formatChecked(format)!(text) ? [] : [fault];

const formats: ReadonlyMap<string, NamedFormat> = new Map(
  Object.entries({
    dns1123Label: short(dnsLabel),
    dns1123Subdomain: short(dnsSubdomain),
    dns1035Label: short(dns1035Label),
    qualifiedName: short(qualifiedName),
    dns1123LabelPrefix: prefix(dnsLabel),
    dns1123SubdomainPrefix: prefix(dnsSubdomain),
    dns1035LabelPrefix: prefix(dns1035Label),
    labelValue: short(labelValue),
    uri: schema('uri', 'invalid URI'),
    uuid: schema('uuid', 'does not match the UUID format'),
    byte: schema('byte', 'invalid base64'),
    date: schema('date', 'invalid date'),
    datetime: schema('datetime', 'invalid datetime'),
  }).map(([name, check]) => [name, new NamedFormat(name, check)]),
);

/** Formats by their names, and what is wrong with a text by one: none when it is fine. */
export const namedFormats: readonly Declaration[] = [
  ...Array.from(formats, ([name, format]) => define(`format.${name}`, [], formatType, () => format)),
  define('format.named', [string], optionalOf(formatType), name => new Optional(formats.get(name))),
  method(
    'validate',
    [formatType, string],
    optionalOf(listOf(string)),
    (format, text) => {
      const faults = (format as NamedFormat).check(text);
      return new Optional(faults.length === 0 ? undefined : faults);
    },
    (_, text) => traversal(text.length),
  ),
];
