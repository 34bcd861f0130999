import type {JsonObject} from '../api/json.ts';
import {setKey} from '../api/json.ts';
import {labelValue, qualifiedName} from '../api/names.ts';
import {CommandError} from './world.ts';

/**
 * `a=b,c!=d,e in (f,g),h notin (i),j,!k` as a metav1.LabelSelector, the way kubectl splits it: equalities are matchLabels, the
 * rest matchExpressions. Throws `CommandError`.
 */
export function parseLabelSelector(text: string): JsonObject {
  const matchLabels: JsonObject = {};
  const matchExpressions: JsonObject[] = [];
  for (const part of splitOutsideParentheses(text)) {
    const requirement = parseRequirement(part.trim());
    if (!requirement) throw invalid(`couldn't parse the selector string "${text}": unable to parse requirement "${part.trim()}"`);
    const {key, operator, values} = requirement;
    for (const problem of [...qualifiedName(key), ...values.flatMap(labelValue)]) throw invalid(problem);
    if (operator === 'Equals') setKey(matchLabels, key, values[0]!);
    else matchExpressions.push({key, operator, ...(values.length > 0 && {values: [...values].sort()})});
  }
  return {...(Object.keys(matchLabels).length > 0 && {matchLabels}), ...(matchExpressions.length > 0 && {matchExpressions})};
}

const invalid = (why: string): CommandError => new CommandError(`invalid location selector: ${why}`);

/** Splits at commas, but for those within the parentheses of a set. */
function splitOutsideParentheses(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const char of text) {
    if (char === '(') depth++;
    if (char === ')') depth--;
    if (char === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += char;
  }
  return parts;
}

type Requirement = {readonly key: string; readonly operator: string; readonly values: readonly string[]};

function parseRequirement(text: string): Requirement | undefined {
  const set = /^([^\s=!(),]+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(text);
  if (set) return {key: set[1]!, operator: set[2] === 'in' ? 'In' : 'NotIn', values: set[3]!.split(',').map(value => value.trim())};
  const pair = /^([^\s=!(),]+)\s*(==|=|!=)\s*([^\s=!(),]*)$/.exec(text);
  if (pair) return {key: pair[1]!, operator: pair[2] === '!=' ? 'NotIn' : 'Equals', values: [pair[3]!]};
  const bare = /^(!?)\s*([^\s=!(),]+)$/.exec(text);
  return bare ? {key: bare[2]!, operator: bare[1] ? 'DoesNotExist' : 'Exists', values: []} : undefined;
}
