import type {FieldError} from '../api/field-error.ts';
import {at, forbiddenField, invalidValue, required} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {labelErrors} from '../api/metadata.ts';
import {labelValue, qualifiedName} from '../api/names.ts';
import type {JsonSchema} from '../schema/json-schema.ts';
import type {Fields} from './build.ts';
import {listOf, mapOf, object, string, strings} from './build.ts';
import {child, entries, objects, text, texts} from './read.ts';

/** The fields of a LabelSelector, for selectors that have more than these. */
export const labelSelectorFields: Fields = {
  matchLabels: mapOf('Labels that must be there with these values.', string('The value.')),
  matchExpressions: listOf(
    'Further conditions, all of which must hold.',
    object(
      'One condition on one label.',
      {
        key: string('The key of the label.'),
        operator: string('In, NotIn, Exists or DoesNotExist.'),
        values: strings('The values for In and NotIn; none for the others.', 'One value.'),
      },
      {required: ['key', 'operator']},
    ),
  ),
};

export const labelSelector = (description: string): JsonSchema =>
  object(description, labelSelectorFields, {'x-kubernetes-map-type': 'atomic'});

/** What is wrong with a LabelSelector at `path`; an absent one is fine. */
export function labelSelectorErrors(path: string, selector: JsonObject | undefined): FieldError[] {
  return [
    ...labelErrors(at(path, 'matchLabels'), child(selector, 'matchLabels')),
    ...objects(selector, 'matchExpressions').flatMap((one, i) => conditionErrors(at(path, 'matchExpressions', i), one)),
  ];
}

function conditionErrors(path: string, condition: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const operator = text(condition, 'operator');
  const values = texts(condition, 'values');
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) errors.push(required(at(path, 'values'), "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0)
      errors.push(forbiddenField(at(path, 'values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  } else errors.push(invalidValue(at(path, 'operator'), operator, 'not a valid selector operator'));
  const key = text(condition, 'key');
  errors.push(...qualifiedName(key).map(why => invalidValue(at(path, 'key'), key, why)));
  values.forEach((value, i) => {
    errors.push(...labelValue(value).map(why => invalidValue(at(path, 'values', i), value, why)));
  });
  return errors;
}

/** A selector as tables of Kubernetes show one: as its Go struct. */
export function printSelector(selector: JsonObject | undefined): string {
  if (!selector) return '<unset>';
  const labels = [...entries(selector, 'matchLabels')].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}: ${value},`);
  const conditions = objects(selector, 'matchExpressions').map(
    one =>
      `LabelSelectorRequirement{Key:${text(one, 'key')},Operator:${text(one, 'operator')},Values:[${texts(one, 'values').join(' ')}],},`,
  );
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${conditions.join('')}},}`;
}
