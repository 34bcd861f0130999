import type {FieldError} from '../../api/field-error.ts';
import {at} from '../../api/field-error.ts';
import type {JsonObject} from '../../api/json.ts';
import {asJson} from '../../api/object.ts';
import type {JsonSchema} from '../../schema/json-schema.ts';
import {column, dateAge, fieldColumn, integer, kcpKind, listOf, mapOf, object, string, strings} from '../build.ts';
import type {Kind} from '../kind.ts';
import {labelSelector} from '../label-selector.ts';
import {child, entries, list, objects, text} from '../read.ts';
import {broken} from './rules.ts';
import {conditions} from './shapes.ts';

/** Partition (spec kcp 1.4). */
export const partition: Kind = kcpKind({
  group: 'topology.kcp.io',
  version: 'v1alpha1',
  kind: 'Partition',
  plural: 'partitions',
  description: 'Some of the shards, such as those of one region.',
  fields: {spec: object('Which shards.', {selector: labelSelector('Labels of the shards.')})},
  required: ['spec'],
  columns: [
    column('Owner', 'Name of the object that made the partition.', o => {
      const owner = objects(asJson(o)['metadata'], 'ownerReferences')[0];
      return owner ? text(owner, 'name') : null;
    }),
    dateAge,
  ],
});

const namePattern = '^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$';
const prefixPattern = '^[a-z0-9]([-a-z0-9]{0,251}[a-z0-9])?$';

/** A label selector with limits, since partitions are made for all that it selects. */
const shardSelector: JsonSchema = object(
  'Labels of the shards that are divided; all when empty.',
  {
    matchLabels: mapOf('Labels that must be there with these values.', string('The value.', {maxLength: 380}), {maxProperties: 10}),
    matchExpressions: listOf(
      'Further conditions, all of which must hold.',
      object(
        'One condition on one label.',
        {
          key: string('The key of the label.', {maxLength: 317}),
          operator: string('How the label is compared.', {enum: ['In', 'NotIn', 'Exists', 'DoesNotExist']}),
          values: listOf('The values for In and NotIn; none for the others.', string('One value.', {maxLength: 63, pattern: namePattern})),
        },
        {required: ['key', 'operator']},
      ),
      {maxItems: 10},
    ),
  },
  {'x-kubernetes-map-type': 'atomic'},
);

/** PartitionSet (spec kcp 1.4). */
export const partitionSet: Kind = kcpKind({
  group: 'topology.kcp.io',
  version: 'v1alpha1',
  kind: 'PartitionSet',
  plural: 'partitionsets',
  description: 'Makes a partition for each combination of values that shards have under some labels.',
  fields: {
    spec: object('How the shards are divided.', {
      dimensions: strings('Keys of labels whose values tell shards apart.', 'A key.'),
      shardSelector,
    }),
    status: object('The outcome.', {count: integer('How many partitions there are.'), conditions}),
  },
  required: ['spec'],
  subresources: {status: true},
  columns: [fieldColumn('Count', 'status', 'count'), dateAge],
  strategy: {validate: validateSelector},
});

const name = new RegExp(namePattern);
const prefix = new RegExp(prefixPattern);
const keyText =
  `Label key prefixes are optional and limited to 253 characters. They should match "${prefixPattern}". ` +
  `Names are limited to 63 characters and should match "${namePattern}". "/" is used as separator.`;
const valueText = `Label values are limited to 63 characters and should match "${namePattern}".`;
const operatorText =
  'There should be at least one value for In and NotIn operators. There should not be any value for Exists and DoesNotExist operators.';

function validateSelector(set: JsonObject): FieldError[] {
  const path = 'spec.shardSelector';
  const selector = child(child(set, 'spec'), 'shardSelector');
  const labels = entries(selector, 'matchLabels');
  const errors: FieldError[] = [];
  if (!labels.every(([key]) => isKey(key))) errors.push(broken(at(path, 'matchLabels'), keyText));
  if (!labels.every(([, value]) => typeof value === 'string' && name.test(value))) errors.push(broken(at(path, 'matchLabels'), valueText));
  objects(selector, 'matchExpressions').forEach((one, i) => {
    const here = at(path, 'matchExpressions', i);
    if (!operatorFits(one)) errors.push(broken(here, operatorText));
    if (!isKey(text(one, 'key'))) errors.push(broken(at(here, 'key'), keyText, 'string'));
  });
  return errors;
}

function isKey(key: string): boolean {
  const slash = key.indexOf('/');
  return slash < 0 ? name.test(key) : prefix.test(key.slice(0, slash)) && name.test(key.slice(slash + 1));
}

function operatorFits(condition: JsonObject): boolean {
  const operator = text(condition, 'operator');
  if (operator === 'In' || operator === 'NotIn') return list(condition, 'values').length > 0;
  return condition['values'] === undefined;
}
