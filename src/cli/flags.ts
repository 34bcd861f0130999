import {CommandError} from './world.ts';

/** A flag of the command line; without `takes` it is a switch. */
export type Flag = {
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /** What its value is called in the help. */
  readonly takes?: string;
  readonly help: string;
};

export type ParsedFlags = {
  /** Values by flag name, of each the last; switches are `true` or `false`. */
  readonly values: ReadonlyMap<string, string>;
  /** All values of each flag that was given, in their order. */
  readonly all: ReadonlyMap<string, readonly string[]>;
  /** What is no flag. */
  readonly args: readonly string[];
};

/**
 * Splits a command line as kubectl's flag library does: `--flag=value`, `--flag value`, `-f value`, `-fvalue`, several switches
 * behind one dash, flags and arguments in any order, everything after `--` an argument. Throws `CommandError` with its texts.
 */
export function parseFlags(words: readonly string[], flags: readonly Flag[]): ParsedFlags {
  const values = new Values();
  const args: string[] = [];
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') {
      args.push(...rest);
      break;
    }
    if (word.startsWith('--')) parseLong(word, rest, flags, values);
    else if (word.startsWith('-') && word !== '-') parseShort(word, rest, flags, values);
    else args.push(word);
  }
  return {values, all: values.all, args};
}

/** The last value of each flag, and all of them. */
class Values extends Map<string, string> {
  readonly all = new Map<string, readonly string[]>();

  override set(name: string, value: string): this {
    this.all.set(name, [...(this.all.get(name) ?? []), value]);
    return super.set(name, value);
  }
}

/** Where the first argument stands, or -1: what comes before it are flags and their values. */
export function firstArgument(words: readonly string[], flags: readonly Flag[]): number {
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === '--') return -1;
    if (!word.startsWith('-') || word === '-') return i;
    const flag = flags.find(f => word === `--${f.name}` || (f.short !== undefined && word === `-${f.short}`));
    if (flag?.takes !== undefined) i++;
  }
  return -1;
}

export const isSet = (parsed: ParsedFlags, name: string): boolean => parsed.values.get(name) === 'true';

function parseLong(word: string, rest: string[], flags: readonly Flag[], values: Map<string, string>): void {
  const equals = word.indexOf('=');
  const name = word.slice(2, equals < 0 ? undefined : equals);
  const flag = flags.find(f => f.name === name);
  if (!flag) throw new CommandError(`unknown flag: --${name}`);
  if (equals >= 0) setValue(values, flag, word.slice(equals + 1));
  else if (flag.takes === undefined) values.set(name, 'true');
  else values.set(name, take(rest, `--${name}`));
}

function parseShort(word: string, rest: string[], flags: readonly Flag[], values: Map<string, string>): void {
  for (let at = 1; at < word.length; at++) {
    const letter = word[at];
    const flag = flags.find(f => f.short === letter);
    if (!flag) throw new CommandError(`unknown shorthand flag: '${letter}' in -${word.slice(at)}`);
    const after = word.slice(at + 1);
    const isSwitch = flag.takes === undefined && !after.startsWith('=');
    if (isSwitch) values.set(flag.name, 'true');
    else if (after.startsWith('=')) setValue(values, flag, after.slice(1));
    else values.set(flag.name, after || take(rest, `'${letter}' in -${word.slice(at)}`));
    if (!isSwitch) return;
  }
}

const switchWords: {readonly [word: string]: string} = {true: 'true', t: 'true', '1': 'true', false: 'false', f: 'false', '0': 'false'};

function setValue(values: Map<string, string>, flag: Flag, value: string): void {
  if (flag.takes !== undefined) return void values.set(flag.name, value);
  const word = value.toLowerCase();
  const isKnown = Object.hasOwn(switchWords, word);
  if (isKnown) return void values.set(flag.name, switchWords[word]!);
  const [name, quoted] = [`${flag.short ? `-${flag.short}, ` : ''}--${flag.name}`, JSON.stringify(value)];
  throw new CommandError(`invalid argument ${quoted} for "${name}" flag: strconv.ParseBool: parsing ${quoted}: invalid syntax`);
}

function take(rest: string[], flag: string): string {
  const value = rest.shift();
  if (value === undefined) throw new CommandError(`flag needs an argument: ${flag}`);
  return value;
}
