/** Admission policies and their bindings, as they stand in objects (spec kubernetes-api 9.5, 9.6). */
import type {JsonObject} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson, groupVersionOf} from '../api/object.ts';
import type {LabelSelector} from '../api/selectors.ts';
import {selectorFromObject} from '../api/selectors.ts';
import {child, objects, text, texts} from '../kinds/read.ts';
import type {NamedExpression} from './named-expressions.ts';
import {readNamedExpressions} from './named-expressions.ts';
import type {RequestMatch} from './request-rules.ts';
import {readRequestMatch} from './request-rules.ts';

export type Policy = {
  readonly name: string;
  readonly match: RequestMatch;
  readonly paramKind: ParamKind | undefined;
  /** What cannot be evaluated is passed over. */
  readonly ignoresFailure: boolean;
  /** Mutates again when others change the object after it. */
  readonly reinvoked: boolean;
  readonly expressions: Expressions;
};

/** All that is compiled of a policy: equal ones are compiled once. */
export type Expressions = {
  readonly params: boolean;
  readonly conditions: readonly NamedExpression[];
  readonly variables: readonly NamedExpression[];
  readonly validations: readonly Validation[];
  readonly mutations: readonly Mutation[];
  /** For the audit log, by the ends of their keys. */
  readonly notes: readonly NamedExpression[];
};

export type Validation = {
  readonly source: string;
  readonly message: string;
  readonly messageSource: string;
  /** What the refusal is to be called; '' for the usual. */
  readonly reason: string;
};

export type Mutation = {readonly patchType: 'ApplyConfiguration' | 'JSONPatch'; readonly source: string};

export type ParamKind = {readonly group: string; readonly version: string; readonly kind: string};

/** What makes a policy apply. */
export type Binding = {
  readonly name: string;
  readonly policyName: string;
  readonly match: RequestMatch | undefined;
  readonly params: ParamRef | undefined;
  /** What a failed validation leads to: Deny, Warn, Audit. */
  readonly actions: readonly string[];
};

export type ParamRef = {
  /** '' where the selector tells. */
  readonly name: string;
  /** '' for that of the request. */
  readonly namespace: string;
  readonly selector: LabelSelector;
  /** It is a failure when there are none. */
  readonly required: boolean;
};

export function readPolicy(object: KubeObject): Policy {
  const spec = child(asJson(object), 'spec') ?? {};
  const kind = child(spec, 'paramKind');
  return {
    name: object.metadata.name,
    match: readRequestMatch(child(spec, 'matchConstraints') ?? {}),
    paramKind: kind && readParamKind(kind),
    ignoresFailure: text(spec, 'failurePolicy') === 'Ignore',
    reinvoked: text(spec, 'reinvocationPolicy') === 'IfNeeded',
    expressions: {
      params: kind !== undefined,
      conditions: readNamedExpressions(spec, 'matchConditions'),
      variables: readNamedExpressions(spec, 'variables'),
      validations: objects(spec, 'validations').map(readValidation),
      mutations: objects(spec, 'mutations').map(readMutation),
      notes: readNamedExpressions(spec, 'auditAnnotations', 'key', 'valueExpression'),
    },
  };
}

const readValidation = (validation: JsonObject): Validation => ({
  source: text(validation, 'expression'),
  message: text(validation, 'message').trim(),
  messageSource: text(validation, 'messageExpression'),
  reason: text(validation, 'reason'),
});

const readMutation = (mutation: JsonObject): Mutation =>
  text(mutation, 'patchType') === 'JSONPatch'
    ? {patchType: 'JSONPatch', source: text(child(mutation, 'jsonPatch'), 'expression')}
    : {patchType: 'ApplyConfiguration', source: text(child(mutation, 'applyConfiguration'), 'expression')};

export function readParamKind(kind: JsonObject): ParamKind {
  return {...groupVersionOf(text(kind, 'apiVersion')), kind: text(kind, 'kind')};
}

export function readBinding(object: KubeObject): Binding {
  const spec = child(asJson(object), 'spec') ?? {};
  const match = child(spec, 'matchResources');
  const ref = child(spec, 'paramRef');
  return {
    name: object.metadata.name,
    policyName: text(spec, 'policyName'),
    match: match && readRequestMatch(match),
    params: ref && readParamRef(ref),
    actions: texts(spec, 'validationActions'),
  };
}

export const readParamRef = (ref: JsonObject): ParamRef => ({
  name: text(ref, 'name'),
  namespace: text(ref, 'namespace'),
  selector: selectorFromObject(child(ref, 'selector') ?? {}),
  required: text(ref, 'parameterNotFoundAction') === 'Deny',
});
