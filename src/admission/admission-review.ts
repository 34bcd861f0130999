/** What is said to an admission webhook, and whether its answer is one (spec kubernetes-api 9.3). Pure. */

import type {Reason, StatusDetails} from '../api/errors.ts';
import {ApiError} from '../api/errors.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {dig, digString, isObject} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import type {User} from '../auth/user.ts';
import type {Resource} from '../registry/resource.ts';
import type {Hook} from './hooks.ts';
import type {Operation} from './request-rules.ts';

export const reviewLimits = {
  messageCharsMax: 32_768,
  warningsMax: 50,
  warningCharsMax: 1_024,
  causesMax: 200,
  notesMax: 50,
  noteCharsMax: 10_240,
} as const;

/** A request as webhooks are told of it. */
export type Request = {
  readonly operation: Operation;
  readonly resource: Resource;
  readonly subresource: string | undefined;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly user: User;
  readonly dryRun: boolean;
  /** CreateOptions, UpdateOptions or DeleteOptions. */
  readonly options: JsonObject;
};

/** The objects of a request, in the version that the webhook asks for. */
export type Subject = {readonly resource: Resource; readonly object: KubeObject | undefined; readonly old: KubeObject | undefined};

/** The `request` of a review, without its objects: what expressions see of it too. */
export function requestOf(request: Request, {resource}: Pick<Subject, 'resource'>, uid: string): JsonObject {
  const {operation, subresource, name, namespace, user, dryRun, options} = request;
  return {
    uid,
    kind: kindOf(resource, subresource),
    resource: resourceOf(resource),
    ...(subresource && {subResource: subresource}),
    requestKind: kindOf(request.resource, subresource),
    requestResource: resourceOf(request.resource),
    ...(subresource && {requestSubResource: subresource}),
    ...(name && {name}),
    ...(namespace && {namespace}),
    operation,
    userInfo: {
      username: user.name,
      ...(user.uid && {uid: user.uid}),
      ...(user.groups.length > 0 && {groups: [...user.groups]}),
      ...(user.extra && {extra: Object.fromEntries(Object.entries(user.extra).map(([key, values]) => [key, [...values]]))}),
    },
    dryRun,
    options,
  };
}

/** The AdmissionReview that is sent. */
export const admissionReview = (hook: Hook, request: Request, subject: Subject, uid: string): JsonObject => ({
  kind: 'AdmissionReview',
  apiVersion: apiVersionOf(hook),
  request: {
    ...requestOf(request, subject, uid),
    object: subject.object ? asJson(subject.object) : null,
    oldObject: subject.old ? asJson(subject.old) : null,
  },
});

const apiVersionOf = ({reviewVersion}: Hook): string => `admission.k8s.io/${reviewVersion}`;
const kindOf = ({kind: {group, version, names}}: Resource, subresource: string | undefined): JsonObject =>
  subresource === 'scale' ? {group: 'autoscaling', version: 'v1', kind: 'Scale'} : {group, version, kind: names.kind};
const resourceOf = ({kind: {group, version}, gr}: Resource): JsonObject => ({group, version, resource: gr.resource});

export type Verdict = {
  readonly allowed: boolean;
  /** The metav1.Status of the answer. */
  readonly status: Json | undefined;
  /** A JSON patch, in base64; '' for none. */
  readonly patch: string;
  readonly warnings: readonly string[];
  /** For the audit log, by the ends of their keys. */
  readonly notes: readonly (readonly [string, string])[];
};

/** Reads an answer; or says in Kubernetes' words why it is none. */
export function readVerdict(hook: Hook, uid: string, answer: Json, mutating: boolean): Verdict | {readonly problem: string} {
  const response = dig(answer, 'response');
  const strict = hook.reviewVersion === 'v1';
  const [apiVersion, kind] = [digString(answer, 'apiVersion') ?? '', digString(answer, 'kind') ?? ''];
  const wrong = (problem: string) => ({problem: `received invalid webhook response: ${problem}`});
  if ((strict || apiVersion || kind) && (apiVersion !== apiVersionOf(hook) || kind !== 'AdmissionReview'))
    return wrong(`expected webhook response of ${apiVersionOf(hook)}, Kind=AdmissionReview, got ${told(apiVersion)}, Kind=${told(kind)}`);
  if (!isObject(response)) return {problem: 'webhook response was absent'};
  const echoed = digString(response, 'uid') ?? '';
  if (strict && echoed !== uid) return wrong(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(told(echoed))}`);
  const patch = digString(response, 'patch') ?? '';
  const patchType = digString(response, 'patchType') ?? '';
  if (!mutating && strict && patch) return wrong('validating webhook may not return response.patch');
  if (!mutating && strict && patchType) return wrong('validating webhook may not return response.patchType');
  if (strict && patch && !patchType) return wrong('webhook returned response.patch but not response.patchType');
  if (strict && !patch && patchType) return wrong('webhook returned response.patchType but not response.patch');
  if (patchType && patchType !== 'JSONPatch') return wrong(`invalid response.patchType: ${JSON.stringify(told(patchType))}`);
  const warnings = dig(response, 'warnings');
  return {
    allowed: dig(response, 'allowed') === true,
    status: dig(response, 'status'),
    patch: mutating ? patch : '',
    warnings: (Array.isArray(warnings) ? warnings : [])
      .filter(each => typeof each === 'string')
      .slice(0, reviewLimits.warningsMax)
      .map(each => each.slice(0, reviewLimits.warningCharsMax)),
    notes: notesIn(dig(response, 'auditAnnotations')),
  };
}

const notesIn = (annotations: Json | undefined): readonly (readonly [string, string])[] =>
  Object.entries(isObject(annotations) ? annotations : {})
    .slice(0, reviewLimits.notesMax)
    .flatMap(([key, value]): [string, string][] =>
      typeof value === 'string' ? [[told(key), value.slice(0, reviewLimits.noteCharsMax)]] : [],
    );

/** A refusal, with the code and the reason that the webhook gave. */
export function denial({name}: Hook, status: Json | undefined): ApiError {
  const said = digString(status, 'message') || digString(status, 'reason');
  const code = dig(status, 'code');
  const why = said ? `denied the request: ${said.slice(0, reviewLimits.messageCharsMax)}` : 'denied the request without explanation';
  return new ApiError(
    told(digString(status, 'reason') ?? '') as Reason,
    `admission webhook ${JSON.stringify(name)} ${why}`,
    detailsOf(dig(status, 'details')),
    undefined,
    typeof code === 'number' && code >= 400 && code <= 599 ? Math.trunc(code) : 400,
  );
}

function detailsOf(details: Json | undefined): StatusDetails | undefined {
  if (!isObject(details)) return undefined;
  const causes = dig(details, 'causes');
  const textOf = (from: Json, key: string): object => {
    const found = digString(from, key);
    return found ? {[key]: found.slice(0, reviewLimits.messageCharsMax)} : {};
  };
  return {
    ...textOf(details, 'name'),
    ...textOf(details, 'group'),
    ...textOf(details, 'kind'),
    ...textOf(details, 'uid'),
    ...(Array.isArray(causes) && {
      causes: causes
        .slice(0, reviewLimits.causesMax)
        .map(cause => ({...textOf(cause, 'reason'), ...textOf(cause, 'message'), ...textOf(cause, 'field')})) as never,
    }),
  };
}

/** InternalError in Kubernetes' words. */
export function hookFailed(what: string): ApiError {
  return new ApiError('InternalError', `Internal error occurred: ${what}`, {causes: [{message: what}]});
}

const told = (text: string): string => text.slice(0, 200);
