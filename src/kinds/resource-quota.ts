import type {FieldError} from '../api/field-error.ts';
import {at, atKey, invalidValue} from '../api/field-error.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {equal, setKey} from '../api/json.ts';
import {qualifiedName} from '../api/names.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import {isWhole, parseQuantity, printWhole, quantityText} from '../api/quantity.ts';
import type {JsonSchema} from '../schema/json-schema.ts';
import {ageColumn, column, kind, listOf, mapOf, object, string, strings} from './build.ts';
import type {Kind} from './kind.ts';
import {child, entries, texts} from './read.ts';

const amounts = (description: string): JsonSchema =>
  mapOf(description, {description: 'A quantity, such as 10 or 5Gi.', 'x-kubernetes-int-or-string': true});

/** ResourceQuota (spec kubernetes-api 8.7). */
export const resourceQuota: Kind = kind({
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  shortNames: ['quota'],
  namespaced: true,
  description: 'How much of what a namespace may have.',
  fields: {
    spec: object('The limits.', {
      hard: amounts('The most of each resource; count/<resource>.<group> limits how many objects there are.'),
      scopes: strings('Only objects to which all of these apply are counted. Cannot change.', 'A scope.'),
      scopeSelector: object(
        'Only objects that this selects are counted. Cannot change.',
        {
          matchExpressions: listOf(
            'Conditions, all of which must hold.',
            object(
              'One condition.',
              {
                scopeName: string('The scope.'),
                operator: string('In, NotIn, Exists or DoesNotExist.'),
                values: strings('The values for In and NotIn.', 'A value.'),
              },
              {required: ['scopeName', 'operator']},
            ),
          ),
        },
        {'x-kubernetes-map-type': 'atomic'},
      ),
    }),
    status: object('How much there is.', {
      hard: amounts('The limits in force.'),
      used: amounts('How much of each resource there is.'),
    }),
  },
  subresources: {status: true},
  columns: [
    column('Request', 'How much of each resource is used, of how much.', o => usage(o, false)),
    column('Limit', 'The same for limits of containers.', o => usage(o, true)),
    ageColumn,
  ],
  strategy: {
    returnsDeleted: true,
    unconditionalUpdate: true,
    normalize: quota => {
      for (const part of [child(quota, 'spec'), child(quota, 'status')]) {
        writeAsText(child(part, 'hard'));
        writeAsText(child(part, 'used'));
      }
    },
    validate: quota => amountErrors('spec.hard', child(quota, 'spec'), 'hard'),
    validateUpdate: (quota, old) => [...immutable(quota, old, 'scopes'), ...immutable(quota, old, 'scopeSelector')],
    validateStatus: quota => [
      ...amountErrors('status.hard', child(quota, 'status'), 'hard'),
      ...amountErrors('status.used', child(quota, 'status'), 'used'),
    ],
  },
});

/** Quantities may be written as numbers; they are kept as texts, and whole ones in Kubernetes' own form. */
function writeAsText(amounts: JsonObject | undefined): void {
  for (const [name, value] of Object.entries(amounts ?? {})) {
    const text = typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
    if (typeof text === 'string') setKey(amounts as JsonObject, name, digits.test(text) ? printWhole(BigInt(text)) : text);
  }
}

/** Longer ones are nobody's limit, and cost time to read. */
const digits = /^\d{1,18}$/;

function usage(object: KubeObject, limits: boolean): Json {
  const status = child(asJson(object), 'status');
  const used = new Map(entries(status, 'used'));
  return entries(status, 'hard')
    .filter(([name]) => name.startsWith('limits') === limits)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, hard]) => `${name}: ${used.get(name) ?? '0'}/${hard}`)
    .join(', ');
}

const counted: ReadonlySet<string> = new Set([
  'pods',
  'services',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);
const measured: ReadonlySet<string> = new Set(
  ['cpu', 'memory', 'ephemeral-storage'].flatMap(name => [name, `requests.${name}`, `limits.${name}`]).concat('requests.storage'),
);

function amountErrors(path: string, part: JsonObject | undefined, field: string): FieldError[] {
  return entries(part, field).flatMap(([name, value]) => {
    const here = atKey(path, name);
    const errors = qualifiedName(name).map(why => invalidValue(here, name, why));
    const isCount = name.includes('/') || counted.has(name);
    if (!isCount && !measured.has(name)) errors.push(invalidValue(here, name, 'must be a standard resource for quota'));
    const quantity = parseQuantity(typeof value === 'string' ? value : '');
    if (!quantity) return [...errors, invalidValue(here, value, quantityText)];
    if (quantity.numerator < 0n) errors.push(invalidValue(here, value, 'must be greater than or equal to 0'));
    if (isCount && !isWhole(quantity)) errors.push(invalidValue(here, value, 'must be an integer'));
    return errors;
  });
}

function immutable(quota: JsonObject, old: JsonObject, field: 'scopes' | 'scopeSelector'): FieldError[] {
  const [now, before] = [child(quota, 'spec'), child(old, 'spec')];
  const same =
    field === 'scopes'
      ? new Set(texts(now, field)).symmetricDifference(new Set(texts(before, field))).size === 0
      : equal(child(now, field) ?? {}, child(before, field) ?? {});
  return same ? [] : [invalidValue(at('spec', field), now?.[field] ?? null, 'field is immutable')];
}
