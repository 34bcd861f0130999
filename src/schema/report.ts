import type {FieldError} from '../api/field-error.ts';
import {at, invalidValue} from '../api/field-error.ts';
import type {Json} from '../api/json.ts';

/** Errors kept per object; the rest only count. A hostile object must not turn into a much larger answer. */
const errorsMax = 200;

/** Schema nodes visited per object. Objects of some megabytes need less than a million; junctors can multiply that. */
const nodesMax = 5_000_000;

/** What one walk over an object has found so far, and where it stands. */
export type Report = {
  /** The first `errorsMax` of the failures. */
  readonly errors: FieldError[];
  /** Names and indexes from the root to the value at hand. */
  readonly path: (string | number)[];
  failures: number;
  /** Schema nodes visited: junctors report the alternative that looked at most (spec kubernetes-api 6.3). */
  nodes: number;
};

/**
 * Checks `value` and adds to the report. `old` is what stood in its place before the update, if that is known:
 * what did not change is not held against the object (spec kubernetes-api 6.7).
 */
export type Check = (value: Json, old: Json | undefined, report: Report) => void;

export const newReport = (): Report => ({errors: [], path: [], failures: 0, nodes: 0});

export const pathOf = (report: Report): string => at('', ...report.path);

export function fail(report: Report, error: FieldError): void {
  report.failures++;
  if (report.errors.length < errorsMax) report.errors.push(error);
}

/** Whether further errors would only be counted. */
export const isFull = (report: Report): boolean => report.errors.length >= errorsMax;

/** Counts a visit; false when there were too many, which is a failure in itself. */
export function visit(report: Report): boolean {
  if (++report.nodes <= nodesMax) return true;
  fail(report, invalidValue('', '', `validation takes more than ${nodesMax} steps`));
  return false;
}

/** Forgets everything found since the report had `failures` failures and `errors` errors. */
export function forget(report: Report, failures: number, errors: number): void {
  report.failures = failures;
  report.errors.length = errors;
}
