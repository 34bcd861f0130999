/** What is doubtful about the types in the expressions of a policy, by the kinds it names (spec kubernetes-api 9.5). */
import type {JsonObject} from '../api/json.ts';
import type {AdmissionScope} from '../cel/admission.ts';
import {inspectExpression, variableField} from '../cel/admission.ts';
import {objectTypeOf as typeOfObjects} from '../cel/object-type.ts';
import type {Field, Type} from '../cel/types.ts';
import {dyn} from '../cel/types.ts';
import type {Kind} from '../kinds/kind.ts';
import type {NamedExpression} from './named-expressions.ts';
import type {Policy} from './policies.ts';

export const typeCheckingLimits = {
  /** Kinds that a policy is checked by: the first ones. */
  kindsMax: 10,
  /** A longer expression is not checked: it would keep everybody waiting. */
  expressionCharsMax: 4_096,
} as const;

/** A kind that a policy names, and what its objects are. */
export type CheckedKind = {readonly group: string; readonly version: string; readonly kind: string; readonly type: Type};

const types = new WeakMap<Kind, Type>();

/** What expressions see of the objects of a kind. */
export function objectTypeOf(kind: Kind): Type {
  const type = types.get(kind) ?? typeOfObjects(kind.names.kind, kind.schema);
  types.set(kind, type);
  return type;
}

/** The `expressionWarnings` of a status. `turn` lets others in between expressions. */
export async function typeWarnings(
  {expressions}: Policy,
  kinds: readonly CheckedKind[],
  params: Type | undefined,
  turn: () => Promise<void>,
): Promise<JsonObject[]> {
  const warnings: JsonObject[] = [];
  if (kinds.length === 0) return warnings;
  const scopes = await Promise.all(
    kinds.map(async kind => ({
      name: `${kind.group}/${kind.version}, Kind=${kind.kind}`,
      scope: await scopeOf(kind, expressions.params, params, expressions.variables, turn),
    })),
  );
  const check = async (fieldRef: string, source: string): Promise<void> => {
    const told: string[] = [];
    for (const {name, scope} of scopes) {
      const found = await inspected(source, scope, turn);
      if ('report' in found) told.push(`${name}: ${found.report}\n`);
    }
    if (told.length > 0) warnings.push({fieldRef, warning: told.join('\n')});
  };
  for (const [i, {source, messageSource}] of expressions.validations.entries()) {
    await check(`spec.validations[${i}].expression`, source);
    if (messageSource) await check(`spec.validations[${i}].messageExpression`, messageSource);
  }
  return warnings;
}

async function scopeOf(
  {type}: CheckedKind,
  hasParams: boolean,
  params: Type | undefined,
  variables: readonly NamedExpression[],
  turn: () => Promise<void>,
): Promise<AdmissionScope> {
  const fields = new Map<string, Field>();
  const scope: AdmissionScope = {params: hasParams, authorizer: true, types: {object: type, params: params ?? dyn}, variables: fields};
  for (const {name, source} of variables) {
    const found = await inspected(source, scope, turn);
    fields.set(name, variableField(name, 'type' in found ? found.type : dyn));
  }
  return scope;
}

async function inspected(source: string, scope: AdmissionScope, turn: () => Promise<void>): Promise<ReturnType<typeof inspectExpression>> {
  if (source.length > typeCheckingLimits.expressionCharsMax) return {type: dyn};
  await turn();
  return inspectExpression(source, scope);
}
