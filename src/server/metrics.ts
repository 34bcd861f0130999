/**
 * Numbers for Prometheus, bounded: labels take their values from closed lists (anything else is counted as `other`) or, where the
 * combinations are limited, as they come; all metrics together have at most `seriesMax` series, however many workspaces there are.
 */
export type Metrics = {
  /** A number that grows. */
  counter<L extends string>(about: About<L>): Tally<L>;
  /** A number that rises and falls. */
  gauge<L extends string>(about: About<L>): Tally<L>;
  /** Numbers known elsewhere, asked for when they are read; of one series the last wins. */
  asked<L extends string>(about: About<L> & {readonly type: 'counter' | 'gauge'}, read: () => readonly Sample<L>[]): void;
  /** How amounts spread over `buckets`: upper bounds, ascending. */
  histogram<L extends string>(about: About<L> & {readonly buckets: readonly number[]}): Histogram<L>;
  /** Everything, in Prometheus' text format. */
  text(): string;
};

export type About<L extends string> = {
  readonly name: string;
  readonly help: string;
  /** The values each label may have, besides `other`; `any` takes what comes, first come, up to `combinationsMax`. */
  readonly labels: {readonly [label in L]: readonly string[] | 'any'};
  /** Combinations kept; those that come later are counted together, with `other` in every label. All that are possible when absent. */
  readonly combinationsMax?: number;
};

export type LabelValues<L extends string> = {readonly [label in L]: string};
export type Sample<L extends string> = {readonly labels: LabelValues<L>; readonly value: number};
export type Tally<L extends string> = {add(labels: LabelValues<L>, amount?: number): void};
export type Histogram<L extends string> = {observe(labels: LabelValues<L>, amount: number): void};

export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

export const metricsLimits = {seriesMax: 1_500} as const;

/**
 * An empty set of metrics. A metric that could exceed the limit together with those before, has a taken name, or label values
 * that would need quoting, is our mistake and throws when it is defined; nothing throws later.
 */
export function createMetrics(): Metrics {
  const families = new Map<string, () => string>();
  let seriesReserved = 0;

  const define = <L extends string, S>(about: About<L>, type: string, parts: Parts<S>): Combinations<L, S> => {
    const combinations = combinationsOf(about, parts.make);
    seriesReserved += combinations.max * parts.seriesEach;
    if (seriesReserved > metricsLimits.seriesMax) throw new Error(`${about.name}: more than ${metricsLimits.seriesMax} series`);
    if (families.has(about.name)) throw new Error(`${about.name} is defined twice`);
    const head = `# HELP ${about.name} ${about.help}\n# TYPE ${about.name} ${type}\n`;
    families.set(about.name, () => {
      parts.refresh?.(combinations as Combinations<string, S>);
      return head + combinations.print(parts.print);
    });
    return combinations;
  };
  const tally = <L extends string>(about: About<L>, type: string): Tally<L> => {
    const combinations = define(about, type, {make: () => ({value: 0}), seriesEach: 1, print: printNumber(about.name)});
    return {
      add: (labels, amount = 1) => {
        combinations.find(labels).value += amount;
      },
    };
  };

  return {
    counter: about => tally(about, 'counter'),
    gauge: about => tally(about, 'gauge'),
    asked(about, read) {
      const refresh = (combinations: Combinations<string, {value: number}>): void => {
        combinations.clear();
        for (const {labels, value} of read()) combinations.find(labels).value = value;
      };
      define(about, about.type, {make: () => ({value: 0}), seriesEach: 1, refresh, print: printNumber(about.name)});
    },
    histogram({buckets, ...about}) {
      const make = (): Spread => ({counts: new Float64Array(buckets.length + 1), sum: 0});
      const combinations = define(about, 'histogram', {make, seriesEach: buckets.length + 3, print: printSpread(about.name, buckets)});
      return {
        observe(labels, amount) {
          const spread = combinations.find(labels);
          let place = 0;
          while (place < buckets.length && amount > (buckets[place] as number)) place++;
          spread.counts[place] = (spread.counts[place] as number) + 1;
          spread.sum += amount;
        },
      };
    },
    text: () => [...families.values()].map(print => print()).join(''),
  };
}

/** What kinds of metrics differ in. */
type Parts<S> = {
  readonly make: () => S;
  /** Series that one combination of labels takes. */
  readonly seriesEach: number;
  readonly refresh?: (combinations: Combinations<string, S>) => void;
  /** The lines of one combination; `labels` is `a="b",c="d"`. */
  readonly print: (labels: string, state: S) => string;
};

type Spread = {readonly counts: Float64Array; sum: number};

const printNumber =
  (name: string) =>
  (labels: string, {value}: {readonly value: number}): string =>
    `${name}${labels && `{${labels}}`} ${value}\n`;

const printSpread =
  (name: string, buckets: readonly number[]) =>
  (labels: string, {counts, sum}: Spread): string => {
    const more = labels && `${labels},`;
    let below = 0;
    const lines = Array.from(counts, (count, place) => {
      below += count;
      return `${name}_bucket{${more}le="${buckets[place] ?? '+Inf'}"} ${below}\n`;
    });
    const braced = labels && `{${labels}}`;
    return `${lines.join('')}${name}_sum${braced} ${sum}\n${name}_count${braced} ${below}\n`;
  };

/** The states of one metric by its labels. */
type Combinations<L extends string, S> = {
  readonly max: number;
  /** The state of these values, made when first asked for; never fails. */
  find(labels: LabelValues<L>): S;
  clear(): void;
  print(line: (labels: string, state: S) => string): string;
};

const other = 'other';
const isPlain = (value: string): boolean => !/["\\\n]/.test(value);

function combinationsOf<L extends string, S>({name, labels, combinationsMax}: About<L>, make: () => S): Combinations<L, S> {
  const names = Object.keys(labels) as L[];
  const listed = names.map(label => labels[label]);
  const allowed = listed.map(values => (values === 'any' ? undefined : new Set([...values, other])));
  for (const value of listed.flat()) if (!isPlain(value)) throw new Error(`${name}: label value needs quoting: ${value}`);
  const max = combinationsMax ?? allowed.reduce((product, values) => product * (values?.size ?? Number.NaN), 1);
  if (!Number.isFinite(max)) throw new Error(`${name}: any value, and no limit`);
  const states = new Map<string, {readonly labels: string; readonly state: S}>();

  const keyOf = (values: LabelValues<L>): string => {
    let key = '';
    for (const label of names) key += `${values[label]}\n`;
    return key;
  };
  const put = (values: LabelValues<L>): S => {
    const state = make();
    states.set(keyOf(values), {labels: names.map(label => `${label}="${values[label]}"`).join(), state});
    return state;
  };
  const map = (value: (label: L, place: number) => string): LabelValues<L> =>
    Object.fromEntries(names.map((label, place) => [label, value(label, place)])) as LabelValues<L>;
  const overflow = map(() => other);
  const overflowKey = keyOf(overflow);

  return {
    max,
    find(values) {
      const found = states.get(keyOf(values));
      if (found) return found.state;
      const closed = map((label, place) => ((allowed[place]?.has(values[label]) ?? isPlain(values[label])) ? values[label] : other));
      const known = states.get(keyOf(closed));
      if (known) return known.state;
      // One place is kept for what does not fit.
      const kept = states.size - (states.has(overflowKey) ? 1 : 0);
      return kept < max - 1 ? put(closed) : (states.get(overflowKey)?.state ?? put(overflow));
    },
    clear: () => states.clear(),
    print: line => [...states.values()].map(({labels: printed, state}) => line(printed, state)).join(''),
  };
}
