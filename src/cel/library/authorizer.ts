import type {Declaration} from '../functions.ts';
import {method} from '../functions.ts';
import type {Type} from '../types.ts';
import {bool, opaque, string} from '../types.ts';
import type {Value} from '../values.ts';
import {Opaque} from '../values.ts';

export const authorizerType = opaque('kubernetes.authorization.Authorizer');
export const resourceCheckType = opaque('kubernetes.authorization.ResourceCheck');
const pathCheckType = opaque('kubernetes.authorization.PathCheck');
const groupCheckType = opaque('kubernetes.authorization.GroupCheck');
const decisionType = opaque('kubernetes.authorization.Decision');

/** What an expression asks about; what it leaves out is about all there is. Of whom, when it is not about the one who made the request. */
export type AccessQuestion = {
  readonly serviceAccount?: {readonly namespace: string; readonly name: string};
  readonly path?: string;
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  readonly verb?: string;
};
export type AccessDecision = {readonly allowed: boolean; readonly reason: string; readonly error?: string | undefined};

/** A question in the making; `decide` answers it. The `authorizer` of expressions is one that asks nothing yet. */
export class AccessCheck extends Opaque {
  readonly typeName: string;
  readonly question: AccessQuestion;
  readonly decide: (question: AccessQuestion) => AccessDecision;

  constructor(decide: AccessCheck['decide'], question: AccessQuestion = {}, typeName: string = authorizerType.name) {
    super();
    this.typeName = typeName;
    this.question = question;
    this.decide = decide;
  }

  equals(other: Opaque): boolean {
    return other instanceof AccessCheck && JSON.stringify(other.question) === JSON.stringify(this.question);
  }
}

class Decided extends Opaque {
  readonly typeName = decisionType.name;
  readonly decision: AccessDecision;

  constructor(decision: AccessDecision) {
    super();
    this.decision = decision;
  }

  equals(other: Opaque): boolean {
    return other instanceof Decided && JSON.stringify(other.decision) === JSON.stringify(this.decision);
  }
}

type CheckType = Type & {readonly kind: 'opaque'};

/** `of.name("value")` narrows the question. */
const narrow = (of: CheckType, name: keyof AccessQuestion & string, to: CheckType): Declaration =>
  method(name, [of, string], to, (check, value) => {
    const {decide, question} = check as AccessCheck;
    return new AccessCheck(decide, {...question, [name]: value}, to.name);
  });

/** By Kubernetes' count, so that an expression can make no more than two checks. */
const checkCost = 350_000;
const ask = (of: CheckType): Declaration =>
  method(
    'check',
    [of, string],
    decisionType,
    (check, verb) => {
      const {decide, question} = check as AccessCheck;
      return new Decided(decide({...question, verb}));
    },
    () => checkCost,
  );

const tell = (name: string, type: Type, read: (decision: AccessDecision) => Value): Declaration =>
  method(name, [decisionType], type, decided => read((decided as Decided).decision));

/** What expressions of admission may ask about permissions (spec kubernetes-api 9.5). */
export const authorizer: readonly Declaration[] = [
  narrow(authorizerType, 'path', pathCheckType),
  narrow(authorizerType, 'group', groupCheckType),
  method('serviceAccount', [authorizerType, string, string], authorizerType, (check, namespace, name) => {
    const {decide, question} = check as AccessCheck;
    return new AccessCheck(decide, {...question, serviceAccount: {namespace, name}});
  }),
  narrow(groupCheckType, 'resource', resourceCheckType),
  narrow(resourceCheckType, 'subresource', resourceCheckType),
  narrow(resourceCheckType, 'namespace', resourceCheckType),
  narrow(resourceCheckType, 'name', resourceCheckType),
  narrow(resourceCheckType, 'fieldSelector', resourceCheckType),
  narrow(resourceCheckType, 'labelSelector', resourceCheckType),
  ask(pathCheckType),
  ask(resourceCheckType),
  tell('allowed', bool, decision => decision.allowed),
  tell('reason', string, decision => decision.reason),
  tell('errored', bool, decision => decision.error !== undefined),
  tell('error', string, decision => decision.error ?? ''),
];
