import {linearRegex} from '../schema/regex.ts';
import type {CallExpr} from './ast.ts';
import type {Issue} from './issue.ts';
import {parseDuration, parseTimestamp} from './time.ts';

/** Functions whose first argument, where it is spelled out, must be one that they understand. */
const understood: ReadonlyMap<string, (text: string) => unknown> = new Map<string, (text: string) => unknown>([
  ['matches', linearRegex],
  ['duration', parseDuration],
  ['timestamp', parseTimestamp],
]);

/** What is wrong with an argument that is spelled out; without this it would be found when the call runs. */
export function literalIssue(name: string, {args: [arg]}: CallExpr): Issue | undefined {
  const read = understood.get(name);
  if (!read || arg?.kind !== 'literal' || arg.literal.type !== 'string') return undefined;
  try {
    read(arg.literal.value);
    return undefined;
  } catch {
    return {at: arg.at, message: `invalid ${name} argument`};
  }
}
