import {ApiError, badRequest, invalid} from '../api/errors.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {dig, digString} from '../api/json.ts';
import {asJson} from '../api/object.ts';
import {identify} from '../auth/authenticate.ts';
import type {PolicyRule} from '../auth/rbac/objects.ts';
import type {User} from '../auth/user.ts';
import type {ReviewAnswer} from './access-answer.ts';
import {accessAnswer} from './access-answer.ts';
import type {InWorkspace} from './exchange.ts';
import type {HttpReply} from './http.ts';
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
  const answer = await answers[x.resource.kind.names.kind]?.(x, object);
  if (answer === undefined) throw new ApiError('InternalError', 'Internal error occurred: no answer to this review');
  const {managedFields: _, ...metadata} = object['metadata'] as JsonObject;
  const {status, annotations} = answer;
  return replyJson(x, {...object, metadata: {...metadata, creationTimestamp: null, ...(annotations && {annotations})}, status}, 201);
}

type Answer = (x: InWorkspace, object: JsonObject) => ReviewAnswer | Promise<ReviewAnswer>;

const answers: {readonly [kind: string]: Answer} = {
  SelfSubjectReview: ({allowed}) => ({status: {userInfo: userInfo(allowed.user)}}),
  TokenReview: async ({deps, workspace}, object) => {
    const token = digString(object, 'spec', 'token');
    if (!token) throw badRequest('token is required for TokenReview in authentication');
    const asked = strings(dig(object, 'spec', 'audiences'));
    const verdict = await identify(token, deps, asked.length > 0 ? asked : deps.accounts.audiences, workspace);
    if ('why' in verdict) return {status: {user: {}, error: verdict.why}};
    return {status: {authenticated: true, user: userInfo(verdict.user), audiences: [...verdict.audiences]}};
  },
  SelfSubjectAccessReview: accessAnswer,
  SubjectAccessReview: accessAnswer,
  LocalSubjectAccessReview: accessAnswer,
  SelfSubjectRulesReview: async ({deps, allowed, workspace}, object) => {
    const namespace = digString(object, 'spec', 'namespace');
    if (!namespace) throw badRequest('no namespace on request');
    const {rules, errors} = await deps.authorizer.holdings(allowed.user, workspace, namespace);
    const status = {
      resourceRules: rules.flatMap(rule => resourceRule(rule)),
      nonResourceRules: rules.flatMap(({verbs, nonResourceURLs}) =>
        nonResourceURLs ? [{verbs: [...verbs], nonResourceURLs: [...nonResourceURLs]}] : [],
      ),
      incomplete: false,
      ...(errors.length > 0 && {evaluationError: errors.join(', ')}),
    };
    return {status};
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

const strings = (value: Json | undefined): string[] => (Array.isArray(value) ? value.filter(item => typeof item === 'string') : []);
