import {ApiError, badRequest, invalid} from '../api/errors.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {dig, digString, isObject} from '../api/json.ts';
import {asJson} from '../api/object.ts';
import type {Attributes} from '../auth/attributes.ts';
import {identify} from '../auth/authenticate.ts';
import {readExtra} from '../auth/effective-users.ts';
import type {PolicyRule} from '../auth/rbac/objects.ts';
import {shownReason} from '../auth/steps.ts';
import type {User} from '../auth/user.ts';
import {groups} from '../auth/user.ts';
import type {InWorkspace} from './exchange.ts';
import type {HttpReply} from './http.ts';
import {header} from './http.ts';
import {readObject, toObject} from './intake.ts';
import {checkNamespace} from './namespace-of-body.ts';
import {writeOptions} from './options.ts';
import {replyJson} from './reply.ts';

/** Questions about identities and permissions: answered from the same `identify` and authorizer as every request, and never stored (spec kubernetes-api 8.10). */
export async function review(x: InWorkspace): Promise<HttpReply> {
  const options = writeOptions(x.call.target.query, 'CreateOptions');
  const asked = toObject(x, await readObject(x), options.fieldValidation);
  checkNamespace(x, asked);
  const object = asJson(asked);
  const errors = x.resource.kind.strategy.validate?.(object) ?? [];
  // Kubernetes forgets to say of what kind it speaks.
  if (errors.length > 0) throw invalid(x.resource.kind.group, '', '', errors);
  const status = await answers[x.resource.kind.names.kind]?.(x, object);
  if (status === undefined) throw new ApiError('InternalError', 'Internal error occurred: no answer to this review');
  const {managedFields: _, ...metadata} = object['metadata'] as JsonObject;
  return replyJson(x, {...object, metadata: {...metadata, creationTimestamp: null}, status}, 201);
}

type Answer = (x: InWorkspace, object: JsonObject) => Json | Promise<Json>;

const answers: {readonly [kind: string]: Answer} = {
  SelfSubjectReview: ({allowed}) => ({userInfo: userInfo(allowed.user)}),
  TokenReview: async ({deps, workspace}, object) => {
    const token = digString(object, 'spec', 'token');
    if (!token) throw badRequest('token is required for TokenReview in authentication');
    const asked = strings(dig(object, 'spec', 'audiences'));
    const verdict = await identify(token, deps, asked.length > 0 ? asked : deps.accounts.audiences, workspace);
    if ('why' in verdict) return {user: {}, error: verdict.why};
    return {authenticated: true, user: userInfo(verdict.user), audiences: [...verdict.audiences]};
  },
  SelfSubjectAccessReview: (x, object) => verdict(x, x.allowed.user, object),
  SubjectAccessReview: (x, object) => verdict(x, subjectOf(object), object, isDeep(x)),
  LocalSubjectAccessReview: (x, object) => verdict(x, subjectOf(object), object),
  SelfSubjectRulesReview: async ({deps, allowed, workspace}, object) => {
    const namespace = digString(object, 'spec', 'namespace');
    if (!namespace) throw badRequest('no namespace on request');
    const {rules, errors} = await deps.authorizer.holdings(allowed.user, workspace, namespace);
    return {
      resourceRules: rules.flatMap(rule => resourceRule(rule)),
      nonResourceRules: rules.flatMap(({verbs, nonResourceURLs}) =>
        nonResourceURLs ? [{verbs: [...verbs], nonResourceURLs: [...nonResourceURLs]}] : [],
      ),
      incomplete: false,
      ...(errors.length > 0 && {evaluationError: errors.join(', ')}),
    };
  },
};

const userInfo = ({name, uid, groups, extra}: User): JsonObject => ({
  username: name,
  ...(uid && {uid}),
  groups: [...groups],
  ...(extra && {extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]]))}),
});

const resourceRule = ({verbs, apiGroups, resources, resourceNames}: PolicyRule): JsonObject[] =>
  resources
    ? [
        {
          verbs: [...verbs],
          apiGroups: [...(apiGroups ?? [])],
          resources: [...resources],
          ...(resourceNames && {resourceNames: [...resourceNames]}),
        },
      ]
    : [];

/** Shards ask each other what somebody could do who had been let in; of nobody else is this header believed. */
const isDeep = ({call, allowed}: InWorkspace): boolean =>
  header(call.request.headers, 'x-kcp-internal-deep-subjectaccessreview') === 'true' && allowed.user.groups.includes(groups.masters);

async function verdict(x: InWorkspace, user: User, object: JsonObject, entered = false): Promise<JsonObject> {
  const decision = await x.deps.authorizer.decide(user, attributesOf(x, object), {entered});
  const {allowed, denied, error} = decision;
  return {allowed, ...(denied && {denied}), reason: shownReason(decision), ...(error !== undefined && {evaluationError: error})};
}

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

function attributesOf({workspace}: InWorkspace, object: JsonObject): Attributes {
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
