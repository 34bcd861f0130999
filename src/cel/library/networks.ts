import type {Declaration} from '../functions.ts';
import {define, method} from '../functions.ts';
import {traversal} from '../meter.ts';
import {bool, int, opaque, string} from '../types.ts';
import type {Value} from '../values.ts';
import {Failure, Opaque} from '../values.ts';
import type {Address} from './addresses.ts';
import {parseAddress, showAddress} from './addresses.ts';

const ipType = opaque('net.IP');
const cidrType = opaque('net.CIDR');

class Ip extends Opaque {
  readonly typeName = ipType.name;
  readonly address: Address;

  constructor(address: Address) {
    super();
    this.address = address;
  }

  equals(other: Opaque): boolean {
    return other instanceof Ip && covers(this.address, other.address, this.address.bits);
  }
}

class Cidr extends Opaque {
  readonly typeName = cidrType.name;
  readonly address: Address;
  readonly prefix: number;

  constructor(address: Address, prefix: number) {
    super();
    this.address = address;
    this.prefix = prefix;
  }

  equals(other: Opaque): boolean {
    return other instanceof Cidr && this.prefix === other.prefix && covers(this.address, other.address, this.address.bits);
  }
}

/** Whether two addresses are of one family and agree in their first bits. */
const covers = (a: Address, b: Address, prefix: number): boolean =>
  a.bits === b.bits && a.value >> BigInt(a.bits - prefix) === b.value >> BigInt(a.bits - prefix);

function parseCidr(text: string): Cidr | undefined {
  const [, left = '', right = ''] = /^([^/]{1,64})\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const address = parseAddress(left);
  return address && Number(right) <= address.bits ? new Cidr(address, Number(right)) : undefined;
}

/** What is shown of a text that is no address. */
const shownCharsMax = 100;
const shown = (text: string): string => JSON.stringify(text.slice(0, shownCharsMax));

function ip(text: string): Ip {
  const address = parseAddress(text);
  if (address) return new Ip(address);
  throw new Failure(`IP Address ${shown(text)} parse error during conversion from string: unable to parse IP`);
}

function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (parsed) return parsed;
  throw new Failure(`network address parse error during conversion from string: ${shown(text)} is no CIDR`);
}

function masked({address, prefix}: Cidr): Cidr {
  const free = BigInt(address.bits - prefix);
  return new Cidr({...address, value: (address.value >> free) << free}, prefix);
}

const within =
  (v4: string, v6: string) =>
  ({address}: Ip): boolean => {
    const range = parseCidr(address.bits === 32 ? v4 : v6)!;
    return covers(range.address, address, range.prefix);
  };
const isUnspecified = within('0.0.0.0/32', '::/128');
const isLoopback = within('127.0.0.0/8', '::1/128');
const isMulticast = within('224.0.0.0/4', 'ff00::/8');
const isLinkLocalUnicast = within('169.254.0.0/16', 'fe80::/10');
const isBroadcast = within('255.255.255.255/32', 'ff00::/8');

/** Link-local multicast of IPv6 is so by scope, whatever the flags before it. */
const isLinkLocalMulticast = (ip: Ip): boolean =>
  ip.address.bits === 32 ? within('224.0.0.0/24', '::/128')(ip) : isMulticast(ip) && ((ip.address.value >> 112n) & 0xfn) === 2n;
const isGlobalUnicast = (ip: Ip): boolean => ![isUnspecified, isLoopback, isMulticast, isLinkLocalUnicast, isBroadcast].some(is => is(ip));

const contains = (outer: Cidr, {address, prefix}: Cidr): boolean => outer.prefix <= prefix && covers(outer.address, address, outer.prefix);

const ofIp = (read: (ip: Ip) => Value) => (value: Opaque) => read(value as Ip);
const ofCidr = (read: (cidr: Cidr) => Value) => (value: Opaque) => read(value as Cidr);
const once = (text: string): number => traversal(text.length);
const bytesOf = (cidr: Opaque): number => (cidr as Cidr).address.bits / 8;
const ipCost = (cidr: Opaque): number => traversal(2 * bytesOf(cidr));
const cidrCost = (cidr: Opaque): number => ipCost(cidr) + traversal(bytesOf(cidr)) + 1;

const ips: readonly Declaration[] = [
  define('ip', [string], ipType, ip, once),
  define('isIP', [string], bool, text => parseAddress(text) !== undefined, once),
  define(
    'ip.isCanonical',
    [string],
    bool,
    text => showAddress(ip(text).address) === text,
    text => traversal(2 * text.length),
  ),
  define(
    'string',
    [ipType],
    string,
    ofIp(({address}) => showAddress(address)),
  ),
  method(
    'family',
    [ipType],
    int,
    ofIp(({address}) => (address.bits === 32 ? 4 : 6)),
  ),
  method('isUnspecified', [ipType], bool, ofIp(isUnspecified)),
  method('isLoopback', [ipType], bool, ofIp(isLoopback)),
  method('isLinkLocalMulticast', [ipType], bool, ofIp(isLinkLocalMulticast)),
  method('isLinkLocalUnicast', [ipType], bool, ofIp(isLinkLocalUnicast)),
  method('isGlobalUnicast', [ipType], bool, ofIp(isGlobalUnicast)),
];

const cidrs: readonly Declaration[] = [
  define('cidr', [string], cidrType, cidr, once),
  define('isCIDR', [string], bool, text => parseCidr(text) !== undefined, once),
  define(
    'string',
    [cidrType],
    string,
    ofCidr(({address, prefix}) => `${showAddress(address)}/${prefix}`),
  ),
  method(
    'ip',
    [cidrType],
    ipType,
    ofCidr(({address}) => new Ip(address)),
  ),
  method(
    'prefixLength',
    [cidrType],
    int,
    ofCidr(({prefix}) => prefix),
  ),
  method('masked', [cidrType], cidrType, ofCidr(masked)),
  method(
    'containsIP',
    [cidrType, ipType],
    bool,
    (outer, inner) => covers((outer as Cidr).address, (inner as Ip).address, (outer as Cidr).prefix),
    ipCost,
  ),
  method(
    'containsIP',
    [cidrType, string],
    bool,
    (outer, text) => covers((outer as Cidr).address, ip(text).address, (outer as Cidr).prefix),
    (outer, text) => ipCost(outer) + traversal(text.length),
  ),
  method('containsCIDR', [cidrType, cidrType], bool, (outer, inner) => contains(outer as Cidr, inner as Cidr), cidrCost),
  method(
    'containsCIDR',
    [cidrType, string],
    bool,
    (outer, text) => contains(outer as Cidr, cidr(text)),
    (outer, text) => cidrCost(outer) + traversal(text.length),
  ),
];

/** IP addresses and ranges of them. */
export const networks: readonly Declaration[] = [...ips, ...cidrs];
