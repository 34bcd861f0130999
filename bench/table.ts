import {type Budget, budgets} from './budgets.ts';
import type {Unit} from './row.ts';

export type Figure = {
  readonly name: string;
  readonly unit: Unit;
  readonly min: number;
  readonly median: number;
  readonly max: number;
  readonly samples: number;
};

export function figureOf(name: string, unit: Unit, samples: readonly number[]): Figure {
  const ascending = samples.toSorted((a, b) => a - b);
  const half = ascending.length / 2;
  const median = half % 1 ? ascending[half - 0.5]! : (ascending[half - 1]! + ascending[half]!) / 2;
  return {name, unit, min: ascending[0]!, median, max: ascending.at(-1)!, samples: samples.length};
}

export const isMissed = ({name, median}: Figure): boolean => {
  const budget = budgets[name];
  return budget !== undefined && ('atMost' in budget ? median > budget.atMost : median < budget.atLeast);
};

const nameWidth = 76;

export const tableHead = `${''.padEnd(nameWidth)} ${['median', 'min', 'max'].map(word => word.padStart(10)).join('')}  unit  budget`;

/** One line: the figure, its budget, and a mark where the median misses it. */
export function line(figure: Figure): string {
  const numbers = [figure.median, figure.min, figure.max].map(n => print(n).padStart(10)).join('');
  const budget = budgets[figure.name];
  const verdict = budget ? `${printBudget(budget)}${isMissed(figure) ? '  MISSED' : ''}` : '';
  return `${figure.name.padEnd(nameWidth)} ${numbers}  ${figure.unit.padEnd(4)}  ${verdict}`.trimEnd();
}

const printBudget = (budget: Budget): string => ('atMost' in budget ? `≤ ${print(budget.atMost)}` : `≥ ${print(budget.atLeast)}`);

const print = (n: number): string => n.toLocaleString('en', {maximumFractionDigits: Math.abs(n) < 10 ? 2 : Math.abs(n) < 100 ? 1 : 0});
