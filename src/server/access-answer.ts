/** What reviews of access are answered: whether somebody may, and as much of the reasons as who asks may know. */
import type {WorkspaceId} from '../api/cluster.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {dig, digString, isObject, stringify} from '../api/json.ts';
import type {Attributes} from '../auth/attributes.ts';
import {readExtra} from '../auth/effective-users.ts';
import {explanation, reasonFor} from '../auth/explain.ts';
import {blind, sightOf} from '../auth/sight.ts';
import {shownReason, stepsToTell} from '../auth/steps.ts';
import type {User} from '../auth/user.ts';
import {groups} from '../auth/user.ts';
import type {InWorkspace} from './exchange.ts';
import {header} from './http.ts';
import {noteSteps} from './notes.ts';

export type ReviewAnswer = {readonly status: JsonObject; readonly annotations?: JsonObject};

/**
 * The annotation of an answer that holds the whole explanation, as JSON. It is there when the review was created with `?explain=true`, which other servers
 * ignore.
 */
export const explanationKey = 'authorization.kcp-ts.dev/explanation';

/** @param object a review; without a subject of its own it is about who asks */
export async function accessAnswer(x: InWorkspace, object: JsonObject): Promise<ReviewAnswer> {
  const {authorizer} = x.deps;
  const kind = x.resource.kind.names.kind;
  const self = kind === 'SelfSubjectAccessReview';
  const attributes = attributesOf(x, object);
  const subject = self ? x.allowed.user : subjectOf(object);
  const decision = await authorizer.decide(subject, attributes, {entered: kind === 'SubjectAccessReview' && isDeep(x)});
  if (kind === 'SubjectAccessReview' && x.trail) noteSteps(x.trail, 'sar.auth.kcp.io', stepsToTell(decision));
  const {allowed, denied, error} = decision;
  // Where somebody outside does not answer, nobody waits for them again.
  const sight = error === undefined ? await sightOf(authorizer, x.allowed.user, x.workspace, attributes.resource?.namespace) : blind;
  return {
    status: {
      allowed,
      ...(denied && {denied}),
      reason: shownReason(decision, one => reasonFor({decision: one, attributes, sight})),
      ...(error !== undefined && {evaluationError: error}),
    },
    ...(x.call.target.query.get('explain') === 'true' && {
      annotations: {[explanationKey]: stringify(explanation({decision, attributes, order: authorizer.order, sight}))},
    }),
  };
}

/** Shards ask each other what somebody could do who had been let in; of nobody else is this header believed. */
const isDeep = ({call, allowed}: InWorkspace): boolean =>
  header(call.request.headers, 'x-kcp-internal-deep-subjectaccessreview') === 'true' && allowed.user.groups.includes(groups.masters);

/** Whoever asks names all there is to the user: nothing is added. */
function subjectOf(object: JsonObject): User {
  const uid = digString(object, 'spec', 'uid');
  const extra = readExtra(dig(object, 'spec', 'extra'));
  return {
    name: digString(object, 'spec', 'user') ?? '',
    groups: strings(dig(object, 'spec', 'groups')),
    ...(uid && {uid}),
    ...(extra && {extra}),
  };
}

function attributesOf({workspace}: InWorkspace, object: JsonObject): Attributes & {readonly workspace: WorkspaceId} {
  const of = dig(object, 'spec', 'resourceAttributes');
  const path = dig(object, 'spec', 'nonResourceAttributes');
  const verb = digString(object, 'spec', isObject(of) ? 'resourceAttributes' : 'nonResourceAttributes', 'verb') ?? '';
  if (!isObject(of)) return {verb, workspace, path: digString(path, 'path') ?? ''};
  const text = (key: string): string | undefined => digString(of, key) || undefined;
  const plural = text('resource') ?? '';
  return {
    verb,
    workspace,
    resource: {
      group: text('group') ?? '',
      version: text('version'),
      plural,
      subresource: text('subresource'),
      namespace: text('namespace'),
      name: text('name'),
      fieldSelector: selectorOf(of['fieldSelector']),
      labelSelector: selectorOf(of['labelSelector']),
    },
  };
}

function selectorOf(selector: Json | undefined): string | readonly JsonObject[] | undefined {
  const parts = dig(selector, 'requirements');
  return digString(selector, 'rawSelector') || (Array.isArray(parts) ? parts.filter(part => isObject(part)) : undefined);
}

const strings = (value: Json | undefined): string[] => (Array.isArray(value) ? value.filter(item => typeof item === 'string') : []);
