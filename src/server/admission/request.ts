/** A write as webhooks and policies are told of it. */
import type {Request, Subject} from '../../admission/admission-review.ts';
import {Allowance} from '../../admission/allowance.ts';
import type {RequestBindings} from '../../admission/bindings.ts';
import {requestBindings} from '../../admission/bindings.ts';
import type {Manners} from '../../admission/compiled.ts';
import type {Operation} from '../../admission/request-rules.ts';
import type {JsonObject} from '../../api/json.ts';
import type {KubeObject} from '../../api/object.ts';
import type {Answers} from '../../auth/webhook-decision.ts';
import type {InWorkspace} from '../exchange.ts';
import {patience} from '../heavy.ts';

/** A write that is to be admitted. */
export type AdmissionOf = {
  readonly operation: Operation;
  readonly subresource: string | undefined;
  /** What is to be stored; of a delete there is none. */
  readonly object: KubeObject | undefined;
  readonly old: KubeObject | undefined;
  readonly dryRun: boolean;
  /** Of a delete: the options that came in its body. */
  readonly options?: JsonObject;
};

export type Asked = AdmissionOf & {
  readonly x: InWorkspace;
  readonly request: Request;
  /** What all expressions together may spend. */
  readonly allowance: Allowance;
  readonly manners: Manners;
  /** What those outside say who are asked what somebody may: expressions are evaluated within its `settle`. Each time costs. */
  readonly answers: Answers;
};

export function askedOf(x: InWorkspace, admission: AdmissionOf): Asked {
  const {operation, subresource, object, old, dryRun} = admission;
  const {resource, deps} = x;
  const {name, namespace} = ((object ?? old) as KubeObject).metadata;
  const request: Request = {
    operation,
    resource,
    subresource,
    name: name ?? '',
    namespace: isNamespace(x) ? name : namespace,
    user: x.allowed.user,
    dryRun,
    options: admission.options ?? optionsOf(x, operation, dryRun),
  };
  const patient = patience(deps);
  return {
    ...admission,
    x,
    request,
    allowance: new Allowance(patient),
    manners: {turn: deps.world.turn, tooLong: patient?.lost},
    answers: deps.authorizer.answers(),
  };
}

/** How refusals name the object, which may have no name yet. */
export const nameShown = ({request, object}: Asked): string =>
  request.name || object?.metadata.name || object?.metadata.generateName || 'Unknown';

/** A namespace lies in itself, and rules call it cluster-scoped. */
export const isNamespace = ({resource}: Pick<InWorkspace, 'resource'>): boolean =>
  resource.gr.group === '' && resource.gr.resource === 'namespaces';

function optionsOf({call}: InWorkspace, operation: Operation, dryRun: boolean): JsonObject {
  const {query} = call.target;
  const [fieldManager, fieldValidation] = [query.get('fieldManager'), query.get('fieldValidation')];
  return {
    kind: operation === 'CREATE' ? 'CreateOptions' : 'UpdateOptions',
    apiVersion: 'meta.k8s.io/v1',
    ...(dryRun && {dryRun: ['All']}),
    ...(fieldManager && {fieldManager}),
    ...(fieldValidation && {fieldValidation}),
  };
}

/** What every expression may use. */
export const bindingsOf = async ({x, request, answers}: Asked, subject: Subject): Promise<RequestBindings> =>
  requestBindings(request, subject, x.workspace, await x.deps.authorizer.decider(x.workspace, answers));
