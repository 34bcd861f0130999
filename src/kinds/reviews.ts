/** Questions that are answered and never stored (spec kubernetes-api 8.10). */
import type {FieldError} from '../api/field-error.ts';
import {at, forbiddenField, invalidValue, required} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {qualifiedName} from '../api/names.ts';
import type {JsonSchema} from '../schema/json-schema.ts';
import type {Fields} from './build.ts';
import {boolean, kind, listOf, mapOf, object, string, strings} from './build.ts';
import type {Kind} from './kind.ts';
import {child, list, objects, text} from './read.ts';

const extra = mapOf('Further facts about the user, by name.', strings('The values of one fact.', 'One value.'));
const userInfo = object('A user as the server knows them.', {
  username: string('The name of the user.'),
  uid: string('What tells the user from an earlier one of the same name.'),
  groups: strings('The groups the user is in.', 'A group.'),
  extra,
});

type ReviewSpec = {
  readonly group: string;
  readonly kind: string;
  readonly namespaced?: true;
  readonly description: string;
  readonly fields: Fields;
  readonly validate?: (review: JsonObject) => FieldError[];
};

const review = (spec: ReviewSpec): Kind =>
  kind({
    group: spec.group,
    version: 'v1',
    kind: spec.kind,
    plural: `${spec.kind.toLowerCase()}s`,
    namespaced: spec.namespaced ?? false,
    verbs: ['create'],
    description: spec.description,
    fields: spec.fields,
    columns: [],
    strategy: {virtual: true, ...(spec.validate && {validate: spec.validate})},
  });

const authentication = 'authentication.k8s.io';
const authorization = 'authorization.k8s.io';

export const tokenReview: Kind = review({
  group: authentication,
  kind: 'TokenReview',
  description: 'Asks whether a token is good and whose it is.',
  fields: {
    spec: object('The question.', {
      token: string('The token.'),
      audiences: strings('Who wants to accept the token; the server itself when empty.', 'An audience.'),
    }),
    status: object('The answer.', {
      authenticated: boolean('Whether the token is good.'),
      user: userInfo,
      audiences: strings('The audiences that were asked for and that the token is meant for.', 'An audience.'),
      error: string('Why the token could not be checked.'),
    }),
  },
});

export const selfSubjectReview: Kind = review({
  group: authentication,
  kind: 'SelfSubjectReview',
  description: 'Asks who the server thinks you are.',
  fields: {status: object('The answer.', {userInfo})},
});

const selectorAttributes = (what: string): JsonSchema =>
  object(`Limits the question to ${what}.`, {
    rawSelector: string('The selector as it would be sent with the request; not together with requirements.'),
    requirements: listOf(
      'The selector in parts, all of which must hold.',
      object(
        'One part.',
        {
          key: string('What is compared.'),
          operator: string('In, NotIn, Exists or DoesNotExist.'),
          values: strings('The values for In and NotIn.', 'A value.'),
        },
        {required: ['key', 'operator']},
      ),
    ),
  });

const attributes: Fields = {
  resourceAttributes: object('The request, when it is for a resource.', {
    namespace: string('Namespace of the request; empty for all, and for cluster-scoped resources.'),
    verb: string('What is to be done; * is everything.'),
    group: string('Group of the resource; * is every group.'),
    version: string('Version of the resource; * is every version.'),
    resource: string('The resource; * is every resource.'),
    subresource: string('The subresource, if one is meant.'),
    name: string('Name of the object; empty for all.'),
    fieldSelector: selectorAttributes('objects with certain fields'),
    labelSelector: selectorAttributes('objects with certain labels'),
  }),
  nonResourceAttributes: object('The request, when it is for another path.', {
    path: string('The path.'),
    verb: string('The HTTP method in lower case.'),
  }),
};
const subject: Fields = {
  user: string('The name of the user who would make the request.'),
  groups: strings('The groups of that user.', 'A group.'),
  uid: string('The UID of that user.'),
  extra,
};
const verdict = object('The answer.', {
  allowed: boolean('Whether the request would be allowed.'),
  denied: boolean('Whether something denies it, so that nothing else can allow it.'),
  reason: string('Why.'),
  evaluationError: string('What went wrong while finding out; the answer may still be right.'),
});

export const subjectAccessReview: Kind = review({
  group: authorization,
  kind: 'SubjectAccessReview',
  description: 'Asks whether somebody may make a request.',
  fields: {spec: object('The question.', {...attributes, ...subject}), status: verdict},
  validate: object => [...validateOfSomebody(object), ...metadataErrors(object, false)],
});

export const selfSubjectAccessReview: Kind = review({
  group: authorization,
  kind: 'SelfSubjectAccessReview',
  description: 'Asks whether you may make a request.',
  fields: {spec: object('The question.', attributes), status: verdict},
  validate: object => [...attributeErrors(object), ...selectorErrors(object), ...metadataErrors(object, false)],
});

export const localSubjectAccessReview: Kind = review({
  group: authorization,
  kind: 'LocalSubjectAccessReview',
  namespaced: true,
  description: 'Asks whether somebody may make a request in the namespace.',
  fields: {spec: object('The question.', {...attributes, ...subject}), status: verdict},
  validate: validateLocal,
});

export const selfSubjectRulesReview: Kind = review({
  group: authorization,
  kind: 'SelfSubjectRulesReview',
  description: 'Asks what you may do in a namespace. For people to read: what it lists may be incomplete.',
  fields: {
    spec: object('The question.', {namespace: string('The namespace.')}),
    status: object('The answer.', {
      resourceRules: listOf(
        'What you may do with resources.',
        object('One rule.', {
          verbs: strings('What you may do.', 'A verb.'),
          apiGroups: strings('Groups of the resources.', 'A group.'),
          resources: strings('The resources.', 'A resource.'),
          resourceNames: strings('Names of the only objects that are meant.', 'A name.'),
        }),
      ),
      nonResourceRules: listOf(
        'What you may do with other paths.',
        object('One rule.', {
          verbs: strings('What you may do.', 'A verb.'),
          nonResourceURLs: strings('The paths.', 'A path.'),
        }),
      ),
      incomplete: boolean('Whether there may be more.'),
      evaluationError: string('What went wrong while finding out.'),
    }),
  },
});

/** The server itself fills the namespace and the time; anything else is the client's. */
function metadataErrors(object: JsonObject, namespaced: boolean): FieldError[] {
  const metadata = child(object, 'metadata') ?? {};
  const own = Object.keys(metadata).filter(
    key => key !== 'managedFields' && key !== 'creationTimestamp' && !(namespaced && key === 'namespace'),
  );
  return own.length === 0 ? [] : [invalidValue('metadata', metadata, namespaced ? 'must be empty except for namespace' : 'must be empty')];
}

function attributeErrors(object: JsonObject): FieldError[] {
  const spec = child(object, 'spec');
  const [resource, path] = [child(spec, 'resourceAttributes'), child(spec, 'nonResourceAttributes')];
  if (resource && path)
    return [invalidValue('spec.nonResourceAttributes', asKept(path), 'cannot be specified in combination with resourceAttributes')];
  if (resource || path) return [];
  const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  return [invalidValue('spec.resourceAttributes', null, why)];
}

/** Errors show a path as Kubernetes keeps it inside. */
const asKept = (path: JsonObject): JsonObject => ({Path: text(path, 'path'), Verb: text(path, 'verb')});

function subjectErrors(object: JsonObject): FieldError[] {
  const spec = object['spec'];
  if (text(spec, 'user') || list(spec, 'groups').length > 0) return [];
  return [invalidValue('spec.user', text(spec, 'user'), 'at least one of user or group must be specified')];
}

function selectorErrors(object: JsonObject): FieldError[] {
  const path = 'spec.resourceAttributes';
  const asked = child(child(object, 'spec'), 'resourceAttributes');
  return [
    ...oneSelectorErrors(at(path, 'fieldSelector'), child(asked, 'fieldSelector'), key => (key ? [] : [required('', 'must be specified')])),
    ...oneSelectorErrors(at(path, 'labelSelector'), child(asked, 'labelSelector'), key =>
      qualifiedName(key).map(why => invalidValue('', key, why)),
    ),
  ];
}

/** A selector comes as a text or in parts. Operators may be ones that are not known here. */
function oneSelectorErrors(path: string, selector: JsonObject | undefined, checkKey: (key: string) => FieldError[]): FieldError[] {
  if (!selector) return [];
  const raw = text(selector, 'rawSelector');
  const parts = objects(selector, 'requirements');
  const errors =
    raw && parts.length > 0 ? [invalidValue(at(path, 'rawSelector'), raw, 'may not specified at the same time as requirements')] : [];
  if (!raw && parts.length === 0)
    errors.push(required(at(path, 'requirements'), `when ${path} is specified, requirements or rawSelector is required`));
  parts.forEach((part, i) => {
    const here = at(path, 'requirements', i);
    const keyErrors = checkKey(text(part, 'key')).map(error => ({...error, field: at(here, 'key')}));
    errors.push(...valueErrors(at(here, 'values'), text(part, 'operator'), list(part, 'values').length), ...keyErrors);
  });
  return errors;
}

function valueErrors(path: string, operator: string, count: number): FieldError[] {
  if ((operator === 'In' || operator === 'NotIn') && count === 0)
    return [required(path, "must be specified when `operator` is 'In' or 'NotIn'")];
  if ((operator === 'Exists' || operator === 'DoesNotExist') && count > 0)
    return [forbiddenField(path, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
  return [];
}

function validateLocal(object: JsonObject): FieldError[] {
  const errors = [...validateOfSomebody(object), ...metadataErrors(object, true)];
  const spec = child(object, 'spec');
  const namespace = text(child(object, 'metadata'), 'namespace');
  const [asked, path] = [child(spec, 'resourceAttributes'), child(spec, 'nonResourceAttributes')];
  if (asked && text(asked, 'namespace') !== namespace)
    errors.push(invalidValue('spec.resourceAttributes.namespace', text(asked, 'namespace'), 'must match metadata.namespace'));
  if (path) errors.push(invalidValue('spec.nonResourceAttributes', asKept(path), 'disallowed on this kind of request'));
  return errors;
}

function validateOfSomebody(object: JsonObject): FieldError[] {
  return [...attributeErrors(object), ...subjectErrors(object), ...selectorErrors(object)];
}
