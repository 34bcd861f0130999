import type {Declaration} from '../functions.ts';
import {define, method} from '../functions.ts';
import {traversal} from '../meter.ts';
import {bool, int, opaque, string} from '../types.ts';
import type {Value} from '../values.ts';
import {Failure, Opaque, toInt} from '../values.ts';

const semverType = opaque('kubernetes.Semver');

/** A version by semver.org, 2.0. What it was built from does not count when compared. */
class Semver extends Opaque {
  readonly typeName = semverType.name;
  readonly numbers: readonly bigint[];
  readonly prerelease: readonly string[];

  constructor(numbers: readonly bigint[], prerelease: readonly string[]) {
    super();
    this.numbers = numbers;
    this.prerelease = prerelease;
  }

  equals(other: Opaque): boolean {
    return other instanceof Semver && order(this, other) === 0;
  }
}

/** Longer texts are no versions. */
const semverCharsMax = 256;
const number = '(0|[1-9]\\d*)';
const identifiers = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*';
const form = new RegExp(`^${number}\\.${number}\\.${number}(?:-(${identifiers}))?(?:\\+${identifiers})?$`);

function parse(text: string): Semver | undefined {
  const match = text.length <= semverCharsMax ? form.exec(text) : null;
  const numbers = match?.slice(1, 4).map(BigInt);
  const prerelease = match?.[4]?.split('.') ?? [];
  if (!numbers?.every(each => each < 2n ** 64n) || prerelease.some(part => /^0\d+$/.test(part))) return undefined;
  return new Semver(numbers, prerelease);
}

/** Lets a leading `v` go, fills up what is missing, and takes leading zeros off. */
function normalize(text: string): string {
  const [, core = '', rest = ''] = /^v?([^-+]*)(.*)$/s.exec(text.slice(0, semverCharsMax + 1)) ?? [];
  const parts = core.split('.');
  while (parts.length < 3) parts.push('0');
  return parts.map(part => part.replace(/^0+(?=\d)/, '')).join('.') + rest;
}

function semver(text: string, tolerant: boolean): Semver {
  const parsed = parse(tolerant ? normalize(text) : text);
  if (parsed) return parsed;
  throw new Failure(`could not parse ${JSON.stringify(text.slice(0, semverCharsMax))} as a semantic version`);
}

function order(a: Semver, b: Semver): number {
  for (let i = 0; i < 3; i++) {
    const [left, right] = [a.numbers[i]!, b.numbers[i]!];
    if (left !== right) return left < right ? -1 : 1;
  }
  // A version comes after its pre-releases.
  if (a.prerelease.length === 0 || b.prerelease.length === 0) return Math.sign(b.prerelease.length - a.prerelease.length);
  for (let i = 0; i < Math.min(a.prerelease.length, b.prerelease.length); i++) {
    const difference = orderIdentifiers(a.prerelease[i]!, b.prerelease[i]!);
    if (difference !== 0) return difference;
  }
  return Math.sign(a.prerelease.length - b.prerelease.length);
}

function orderIdentifiers(a: string, b: string): number {
  const [left, right] = [a, b].map(part => (/^\d+$/.test(part) ? BigInt(part) : undefined));
  if (left !== undefined && right !== undefined) return left < right ? -1 : left > right ? 1 : 0;
  if (left !== undefined || right !== undefined) return left !== undefined ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

const two = (join: (a: Semver, b: Semver) => Value) => (a: Opaque, b: Opaque) => join(a as Semver, b as Semver);
const once = (text: string): number => traversal(text.length);

/** Semantic versions. */
export const semvers: readonly Declaration[] = [
  define('semver', [string], semverType, text => semver(text, false), once),
  define('semver', [string, bool], semverType, semver, once),
  define('isSemver', [string], bool, text => parse(text) !== undefined, once),
  define('isSemver', [string, bool], bool, (text, tolerant) => parse(tolerant ? normalize(text) : text) !== undefined, once),
  ...['major', 'minor', 'patch'].map((name, i) => method(name, [semverType], int, version => toInt((version as Semver).numbers[i]!))),
  method(
    'isGreaterThan',
    [semverType, semverType],
    bool,
    two((a, b) => order(a, b) > 0),
  ),
  method(
    'isLessThan',
    [semverType, semverType],
    bool,
    two((a, b) => order(a, b) < 0),
  ),
  method('compareTo', [semverType, semverType], int, two(order)),
];
