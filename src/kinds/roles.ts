import type {FieldError} from '../api/field-error.ts';
import {at, invalidValue, required} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {pathSegment} from '../api/names.ts';
import {createdAtColumn, kind, listOf, object} from './build.ts';
import type {Kind} from './kind.ts';
import {labelSelector, labelSelectorErrors} from './label-selector.ts';
import {policyRule, policyRuleErrors} from './policy-rule.ts';
import {child, objects} from './read.ts';

const rules = listOf('What the role allows.', policyRule);
const strategy = {name: pathSegment, createOnUpdate: true, unconditionalUpdate: true} as const;

/** Role (spec kubernetes-api 8.9). */
export const role: Kind = kind({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'Role',
  plural: 'roles',
  namespaced: true,
  description: 'Permissions within one namespace, to be given out by role bindings.',
  fields: {rules},
  columns: [createdAtColumn],
  strategy: {...strategy, validate: object => ruleErrors(object, true)},
});

/** ClusterRole (spec kubernetes-api 8.9). */
export const clusterRole: Kind = kind({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  namespaced: false,
  description: 'Permissions in the whole workspace, or in a namespace when a role binding refers to it.',
  fields: {
    rules,
    aggregationRule: object('Makes the rules the sum of those of other cluster roles; what is written to rules is overwritten.', {
      clusterRoleSelectors: listOf('Each selects cluster roles whose rules are added.', labelSelector('Labels of the cluster roles.')),
    }),
  },
  columns: [createdAtColumn],
  strategy: {...strategy, validate: validateClusterRole},
});

const ruleErrors = (object: JsonObject, namespaced: boolean): FieldError[] =>
  objects(object, 'rules').flatMap((rule, i) => policyRuleErrors(at('rules', i), rule, namespaced));

function validateClusterRole(object: JsonObject): FieldError[] {
  const errors = ruleErrors(object, false);
  const aggregation = child(object, 'aggregationRule');
  if (!aggregation) return errors;
  const path = 'aggregationRule.clusterRoleSelectors';
  const selectors = objects(aggregation, 'clusterRoleSelectors');
  if (selectors.length === 0) errors.push(required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil'));
  for (const [i, selector] of selectors.entries()) {
    const found = labelSelectorErrors(at(path, i), selector);
    // Kubernetes looks a second time, and says less.
    errors.push(...found, ...(found.length > 0 ? [invalidValue(at(path, i), null, 'invalid label selector.')] : []));
  }
  return errors;
}
