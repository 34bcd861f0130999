/** What Go says of texts that are no JSON: clients see these texts in errors. */

const space = new Set([' ', '\t', '\n', '\r']);
const literals: {readonly [first: string]: string} = {t: 'true', f: 'false', n: 'null'};

/** The first thing that is wrong with a text, in Go's words; undefined when it is JSON. Never throws, and takes a text of any depth. */
export function goJsonError(text: string): string | undefined {
  try {
    new Scanner(text).document();
    return undefined;
  } catch (err) {
    if (err instanceof Malformed) return err.message;
    throw err;
  }
}

class Malformed extends Error {}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    /** What closes the objects and lists around the place. */
    const open: ('}' | ']')[] = [];
    for (;;) {
      const opened = this.#value();
      if (opened && !this.#isClosedAt(opened)) {
        open.push(opened);
        if (opened === '}') this.#key();
        continue;
      }
      if (!this.#ended(open)) return;
    }
  }

  /** Reads a simple value, or what opens a compound one, of which it gives the end. */
  #value(): '}' | ']' | undefined {
    const c = this.#next();
    if (c === '{') return '}';
    if (c === '[') return ']';
    if (c === '"') this.#string();
    else if (c === '-' || isDigit(c)) this.#number(c);
    else if (literals[c]) this.#literal(literals[c]);
    else this.#fail(c, 'looking for beginning of value');
    return undefined;
  }

  /** Whether a compound value ends where it began. */
  #isClosedAt(end: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== end) return false;
    this.#at++;
    return true;
  }

  /** Behind a value: closes what ends here, and says whether another value follows. */
  #ended(open: ('}' | ']')[]): boolean {
    for (;;) {
      this.#skip();
      const end = open.at(-1);
      if (end === undefined) {
        if (this.#at < this.#text.length) this.#fail(this.#take(), 'after top-level value');
        return false;
      }
      const where = end === '}' ? 'after object key:value pair' : 'after array element';
      const c = this.#next();
      if (c === end) open.pop();
      else if (c !== ',') this.#fail(c, where);
      else {
        if (end === '}') this.#key();
        return true;
      }
    }
  }

  #key(): void {
    const where = 'looking for beginning of object key string';
    const c = this.#next();
    if (c !== '"') this.#fail(c, where);
    this.#string();
    const colon = this.#next();
    if (colon !== ':') this.#fail(colon, 'after object key');
  }

  #string(): void {
    for (;;) {
      const c = this.#take();
      if (c === '"') return;
      if (c < ' ') this.#fail(c, 'in string literal');
      if (c === '\\') this.#escape();
    }
  }

  #escape(): void {
    const c = this.#take();
    if (c !== 'u') {
      if (!'bfnrt\\/"'.includes(c)) this.#fail(c, 'in string escape code');
      return;
    }
    for (let i = 0; i < 4; i++) {
      const digit = this.#take();
      if (!/[0-9a-fA-F]/.test(digit)) this.#fail(digit, 'in \\u hexadecimal character escape');
    }
  }

  #literal(word: string): void {
    for (const expected of word.slice(1)) {
      const c = this.#take();
      if (c !== expected) this.#fail(c, `in literal ${word} (expecting '${expected}')`);
    }
  }

  #number(first: string): void {
    const digit = first === '-' ? this.#digit('in numeric literal') : first;
    if (digit !== '0') this.#digits();
    if (this.#text[this.#at] === '.') {
      this.#at++;
      this.#digit('after decimal point in numeric literal');
      this.#digits();
    }
    if (!/[eE]/.test(this.#text[this.#at] ?? '')) return;
    this.#at++;
    if (/[+-]/.test(this.#text[this.#at] ?? '')) this.#at++;
    this.#digit('in exponent of numeric literal');
    this.#digits();
  }

  #digit(where: string): string {
    const c = this.#take();
    return isDigit(c) ? c : this.#fail(c, where);
  }

  #digits(): void {
    while (isDigit(this.#text[this.#at] ?? '')) this.#at++;
  }

  #skip(): void {
    while (space.has(this.#text[this.#at] ?? '')) this.#at++;
  }

  #next(): string {
    this.#skip();
    return this.#take();
  }

  #take(): string {
    const c = this.#text[this.#at++];
    if (c === undefined) throw new Malformed('unexpected end of JSON input');
    return c;
  }

  #fail(c: string, where: string): never {
    throw new Malformed(`invalid character ${quoteChar(c)} ${where}`);
  }
}

const isDigit = (c: string): boolean => c >= '0' && c <= '9';

/** Go looks at bytes: of a character of several it shows the first. */
function quoteChar(c: string): string {
  if (c === "'") return "'\\''";
  if (c === '"') return `'"'`;
  const byte = Buffer.from(c)[0]!;
  return `'${byte < 0x80 ? JSON.stringify(c).slice(1, -1).replace('\\u00', '\\x') : String.fromCharCode(byte)}'`;
}
