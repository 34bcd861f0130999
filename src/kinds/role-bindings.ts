import type {FieldError} from '../api/field-error.ts';
import {at, invalidValue, notSupported, required} from '../api/field-error.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {equal} from '../api/json.ts';
import {dnsSubdomain, pathSegment} from '../api/names.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import type {Fields} from './build.ts';
import {ageColumn, column, kind, listOf, object, string} from './build.ts';
import type {Column, Kind, Strategy} from './kind.ts';
import {child, objects, text} from './read.ts';

const rbacGroup = 'rbac.authorization.k8s.io';

const fields: Fields = {
  subjects: listOf(
    'Who gets the permissions.',
    object(
      'A user, a group or a service account.',
      {
        kind: string('User, Group or ServiceAccount.'),
        apiGroup: string('Group of the kind: empty for service accounts, rbac.authorization.k8s.io for users and groups.'),
        name: string('Name of the subject.'),
        namespace: string('Namespace of the service account; nothing else has one.'),
      },
      {required: ['kind', 'name'], 'x-kubernetes-map-type': 'atomic'},
    ),
  ),
  roleRef: object(
    'The role that is given. Cannot change: delete the binding and create another.',
    {
      apiGroup: string('Group of the role.'),
      kind: string('Role or ClusterRole.'),
      name: string('Name of the role.'),
    },
    {required: ['apiGroup', 'kind', 'name'], 'x-kubernetes-map-type': 'atomic'},
  ),
};

/** The names of a binding's subjects of one kind, as a wide table shows them. */
const subjectColumn = (name: string, kindName: string, print: (subject: JsonObject) => string): Column => {
  const cell = (o: KubeObject): Json =>
    objects(asJson(o), 'subjects')
      .filter(subject => text(subject, 'kind') === kindName)
      .map(print)
      .join(', ');
  return column(name, `The subjects that are a ${kindName}.`, cell, {priority: 1});
};
const nameOf = (subject: JsonObject): string => text(subject, 'name');
const columns: readonly Column[] = [
  column('Role', 'Kind and name of the role.', o => {
    const ref = child(asJson(o), 'roleRef');
    return `${text(ref, 'kind')}/${text(ref, 'name')}`;
  }),
  ageColumn,
  subjectColumn('Users', 'User', nameOf),
  subjectColumn('Groups', 'Group', nameOf),
  subjectColumn('ServiceAccounts', 'ServiceAccount', subject => `${text(subject, 'namespace')}/${text(subject, 'name')}`),
];

const strategyFor = (namespaced: boolean): Strategy => ({
  name: pathSegment,
  createOnUpdate: true,
  unconditionalUpdate: true,
  normalize: fillGroups,
  validate: binding => validateBinding(binding, namespaced),
  validateUpdate: (binding, old) =>
    equal(binding['roleRef'], old['roleRef']) ? [] : [invalidValue('roleRef', asKept(child(binding, 'roleRef')), 'cannot change roleRef')],
});

/** RoleBinding (spec kubernetes-api 8.9). */
export const roleBinding: Kind = kind({
  group: rbacGroup,
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
  namespaced: true,
  description: 'Gives subjects the permissions of a role or cluster role within the namespace.',
  fields,
  required: ['roleRef'],
  columns,
  strategy: strategyFor(true),
});

/** ClusterRoleBinding (spec kubernetes-api 8.9). */
export const clusterRoleBinding: Kind = kind({
  group: rbacGroup,
  version: 'v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  namespaced: false,
  description: 'Gives subjects the permissions of a cluster role in the whole workspace.',
  fields,
  required: ['roleRef'],
  columns,
  strategy: strategyFor(false),
});

/** Errors show a role as Kubernetes keeps it inside. */
const asKept = (ref: JsonObject | undefined): Json => ({APIGroup: text(ref, 'apiGroup'), Kind: text(ref, 'kind'), Name: text(ref, 'name')});

function fillGroups(binding: JsonObject): void {
  const ref = child(binding, 'roleRef');
  if (ref && !text(ref, 'apiGroup')) ref['apiGroup'] = rbacGroup;
  for (const subject of objects(binding, 'subjects')) {
    const kindName = text(subject, 'kind');
    if ((kindName === 'User' || kindName === 'Group') && !text(subject, 'apiGroup')) subject['apiGroup'] = rbacGroup;
  }
}

function validateBinding(binding: JsonObject, namespaced: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const ref = child(binding, 'roleRef');
  const kinds = namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole'];
  const name = text(ref, 'name');
  if (text(ref, 'apiGroup') !== rbacGroup) errors.push(notSupported('roleRef.apiGroup', text(ref, 'apiGroup'), [rbacGroup]));
  if (!kinds.includes(text(ref, 'kind'))) errors.push(notSupported('roleRef.kind', text(ref, 'kind'), kinds));
  if (!name) errors.push(required('roleRef.name'));
  else errors.push(...pathSegment(name).map(why => invalidValue('roleRef.name', name, why)));
  return [...errors, ...objects(binding, 'subjects').flatMap((one, i) => subjectErrors(at('subjects', i), one, namespaced))];
}

function subjectErrors(path: string, subject: JsonObject, namespaced: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const [name, group] = [text(subject, 'name'), text(subject, 'apiGroup')];
  if (!name) errors.push(required(at(path, 'name')));
  switch (text(subject, 'kind')) {
    case 'ServiceAccount':
      if (name) errors.push(...dnsSubdomain(name).map(why => invalidValue(at(path, 'name'), name, why)));
      if (group) errors.push(notSupported(at(path, 'apiGroup'), group, ['']));
      if (!namespaced && !text(subject, 'namespace')) errors.push(required(at(path, 'namespace')));
      return errors;
    case 'User':
    case 'Group':
      if (group !== rbacGroup) errors.push(notSupported(at(path, 'apiGroup'), group, [rbacGroup]));
      return errors;
    default:
      return [...errors, notSupported(at(path, 'kind'), text(subject, 'kind'), ['ServiceAccount', 'User', 'Group'])];
  }
}
