/** CEL over the claims of a token, and over the user that comes of them (spec kubernetes-api 10.3). */
import type {Json, JsonObject} from '../../api/json.ts';
import type {Expr} from '../../cel/ast.ts';
import {kubernetesFunctions} from '../../cel/libraries.ts';
import {compile, inspect} from '../../cel/program.ts';
import type {Environment} from '../../cel/scope.ts';
import type {ObjectType, Type} from '../../cel/types.ts';
import {dyn, listOf, mapOf, string} from '../../cel/types.ts';
import type {Value} from '../../cel/values.ts';
import {Double} from '../../cel/values.ts';
import type {User} from '../user.ts';

/** What all the expressions for one token may spend together, by Kubernetes' count, where each may spend a million: ten milliseconds. */
const tokenBudget = 250_000;
/** Steps beyond that count: a few milliseconds. */
const tokenStepsMax = 500_000;

const strings = listOf(string);
const userType: ObjectType = {
  kind: 'object',
  name: 'kubernetes.UserInfo',
  fields: new Map(
    Object.entries<Type>({username: string, uid: string, groups: strings, extra: mapOf(string, strings)}).map(([key, type]) => [
      key,
      {type, key},
    ]),
  ),
};

const environments = {
  claims: {variables: new Map<string, Type>([['claims', mapOf(string, dyn)]]), functions: kubernetesFunctions},
  user: {variables: new Map<string, Type>([['user', userType]]), functions: kubernetesFunctions},
} satisfies {readonly [about: string]: Environment};

export type Expression = {
  readonly source: string;
  /** @throws ExpressionFailed */
  readonly evaluate: (about: Value, meter: TokenMeter) => Value;
  /** The claims that are selected by name, as `claims.x` or `claims.?x`. */
  readonly selects: (claim: string) => boolean;
};

/** The message is the reason, without the expression. */
export class ExpressionFailed extends Error {}

/** What the expressions for one token have spent. */
export class TokenMeter {
  cost = 0;
  steps = 0;
}

/** Compiles an expression; a condition must be a bool for all the checker knows. What is wrong is told in the words of Kubernetes. */
export function compileExpression(
  source: string,
  about: 'claims' | 'user',
  gives: 'bool' | 'anything',
): Expression | {readonly trouble: string} {
  const environment = environments[about];
  const program = compile(source, environment);
  if (!program.ok) return {trouble: `compilation failed: ${program.report}`};
  if (gives === 'bool' && program.type.kind !== 'bool') return {trouble: 'must evaluate to bool'};
  return {
    source,
    evaluate(value, meter) {
      const done = program.evaluate({[about]: value}, tokenBudget - meter.cost, tokenStepsMax - meter.steps);
      meter.cost += done.cost;
      meter.steps += done.steps;
      if (!done.ok) throw new ExpressionFailed(`expression '${source}' resulted in error: ${done.error}`);
      return done.value;
    },
    selects(claim) {
      const found = inspect(source, environment);
      return found.ok && selectsClaim(found.expr, claim);
    },
  };
}

function selectsClaim(expr: Expr, claim: string): boolean {
  const among = (all: readonly (Expr | undefined)[]): boolean => all.some(each => each !== undefined && selectsClaim(each, claim));
  switch (expr.kind) {
    case 'literal':
    case 'ident':
      return false;
    case 'select':
      return (expr.operand.kind === 'ident' && expr.operand.name === 'claims' && expr.field === claim) || among([expr.operand]);
    case 'call':
      return among([...expr.args, expr.target]);
    case 'list':
      return among(expr.items.map(item => item.value));
    case 'map':
      return among(expr.entries.flatMap(entry => [entry.key, entry.value]));
    case 'message':
      return among(expr.fields.map(field => field.value));
    case 'fold':
      return among([expr.range, expr.init, expr.condition, expr.step, expr.result]);
  }
}

/** Claims as expressions see them: all numbers are doubles there, as Kubernetes decodes them. */
export const claimsValue = (claims: JsonObject): Value => doubled(claims) as Value;

function doubled(value: Json): unknown {
  if (typeof value === 'number' || typeof value === 'bigint') return new Double(Number(value));
  if (Array.isArray(value)) return value.map(doubled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, doubled(each)]));
}

export const userValue = ({name, uid = '', groups, extra = {}}: User): Value => ({
  username: name,
  uid,
  groups: [...groups],
  extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])),
});
