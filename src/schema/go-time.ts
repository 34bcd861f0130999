/** Times as Go reads and writes them: built-in kinds keep whole seconds or microseconds, in UTC. */

/** The format of times in microseconds within the schemas of built-in kinds; published as `date-time`. */
export const microTimeFormat = 'micro-time';

const layouts = {
  seconds: '2006-01-02T15:04:05Z07:00',
  micros: '2006-01-02T15:04:05.000000Z07:00',
} as const;
export type Precision = keyof typeof layouts;

/** The parts of a layout in turn, and what each takes of a text. */
const parts: readonly (readonly [part: string, form: RegExp])[] = [
  ['2006', /^\d{4}/],
  ['-', /^-/],
  ['01', /^\d\d/],
  ['-', /^-/],
  ['02', /^\d\d/],
  ['T', /^T/],
  ['15', /^\d\d/],
  [':', /^:/],
  ['04', /^\d\d/],
  [':', /^:/],
  ['05', /^\d\d/],
];
const zone = ['Z07:00', /^(?:Z|[+-]\d\d:\d\d)/] as const;
/** Any fraction is let pass behind the seconds, but where the layout asks for six digits it must be these. */
const tails = {
  seconds: [['', /^(?:[.,]\d+)?/], zone],
  micros: [['.000000', /^[.,]\d{6}/], zone],
} as const;

const rangeNames = ['', '', 'month', '', 'day', '', 'hour', '', 'minute', '', 'second'];

/** What Go says of a text that is no time in this precision; undefined of one that is. */
export function timeError(text: string, precision: Precision): string | undefined {
  let rest = text;
  const found: string[] = [];
  for (const [part, form] of [...parts, ...tails[precision]]) {
    const taken = form.exec(rest)?.[0];
    if (taken === undefined) return `parsing time ${quote(text)} as "${layouts[precision]}": cannot parse ${quote(rest)} as "${part}"`;
    found.push(taken);
    rest = rest.slice(taken.length);
  }
  if (rest !== '') return `parsing time ${quote(text)}: extra text: ${quote(rest)}`;
  const bad = outOfRange(found);
  return bad === undefined ? undefined : `parsing time ${quote(text)}: ${bad} out of range`;
}

/** Go's texts of hostile length are cut: an error must not echo a megabyte. */
const quotedCharsMax = 200;
const quote = (text: string): string => JSON.stringify(text.slice(0, quotedCharsMax));

function outOfRange(found: readonly string[]): string | undefined {
  const [year, month, day, hour, minute, second] = [0, 2, 4, 6, 8, 10].map(i => Number(found[i])) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const days = new Date(Date.UTC(2000, month, 0)).getUTCDate() - (month === 2 && !isLeap(year) ? 1 : 0);
  const tests = [month >= 1 && month <= 12, day >= 1 && day <= days, hour < 24, minute < 60, second < 60];
  const first = tests.indexOf(false);
  return first < 0 ? undefined : rangeNames[2 * first + 2];
}

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

/** A time in the form in which Go writes it. `text` is one, in any zone and precision. */
export function goTime(text: string, precision: Precision): string {
  const [, whole = '', fraction = '', offset = 'Z'] = /^(.{19})(?:[.,](\d+))?(.*)$/.exec(text) ?? [];
  const moment = offset === 'Z' ? whole : new Date(`${whole}${offset}`).toISOString().slice(0, 19);
  return precision === 'seconds' ? `${moment}Z` : `${moment}.${fraction.slice(0, 6).padEnd(6, '0')}Z`;
}
