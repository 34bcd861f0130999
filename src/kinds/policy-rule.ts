import type {FieldError} from '../api/field-error.ts';
import {at, invalidValue, required} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import type {JsonSchema} from '../schema/json-schema.ts';
import {object, strings} from './build.ts';
import {list, texts} from './read.ts';

/** What may be done with what (spec kubernetes-api 8.9). */
export const policyRule: JsonSchema = object(
  'Verbs that are allowed on some resources, or on some paths.',
  {
    verbs: strings('What may be done; * is everything.', 'A verb.'),
    apiGroups: strings('Groups of the resources; the empty one is the core group, * is every group.', 'A group.'),
    resources: strings('Resources, with /subresource where one is meant; * is every resource.', 'A resource.'),
    resourceNames: strings('Names of the only objects that are meant; all objects when empty.', 'A name.'),
    nonResourceURLs: strings('Paths outside of the resources; * is allowed as the last step. In cluster roles only.', 'A path.'),
  },
  {required: ['verbs']},
);

export function policyRuleErrors(path: string, rule: JsonObject, namespaced: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const empty = (field: string): boolean => list(rule, field).length === 0;
  if (empty('verbs')) errors.push(required(at(path, 'verbs'), 'verbs must contain at least one value'));
  if (!empty('nonResourceURLs')) {
    const urls = [...texts(rule, 'nonResourceURLs')];
    const refuse = (why: string): unknown => errors.push(invalidValue(at(path, 'nonResourceURLs'), urls, why));
    if (namespaced) refuse('namespaced rules cannot apply to non-resource URLs');
    if (!empty('apiGroups') || !empty('resources') || !empty('resourceNames'))
      refuse('rules cannot apply to both regular resources and non-resource URLs');
    return errors;
  }
  if (empty('apiGroups')) errors.push(required(at(path, 'apiGroups'), 'resource rules must supply at least one api group'));
  if (empty('resources')) errors.push(required(at(path, 'resources'), 'resource rules must supply at least one resource'));
  return errors;
}
