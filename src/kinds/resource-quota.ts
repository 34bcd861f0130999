import type {FieldError} from '../api/field-error.ts';
import {atKey, invalidValue} from '../api/field-error.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {setKey} from '../api/json.ts';
import {qualifiedName} from '../api/names.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import {canonicalQuantity, isWhole, parseQuantity, quantityText} from '../api/quantity.ts';
import {quantityFormat} from '../schema/decode.ts';
import type {JsonSchema} from '../schema/json-schema.ts';
import {ageColumn, column, kind, mapOf, object} from './build.ts';
import type {Kind} from './kind.ts';
import {scopeErrors, scopeFields} from './quota-scopes.ts';
import {child, entries, texts} from './read.ts';

const amount: JsonSchema = {description: 'A quantity, such as 10 or 5Gi.', 'x-kubernetes-int-or-string': true, format: quantityFormat};

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
    spec: object(
      'The limits.',
      {hard: mapOf('The most of each resource; count/<resource>.<group> limits how many objects there are.', amount), ...scopeFields},
      {default: {}},
    ),
    status: object(
      'How much there is.',
      {hard: mapOf('The limits in force.', amount), used: mapOf('How much of each resource there is.', amount)},
      {default: {}},
    ),
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
    validate: quota => {
      const spec = child(quota, 'spec');
      return [...amountErrors('spec.hard', spec, 'hard'), ...scopeErrors(spec, limitedBy(spec))];
    },
    validateUpdate: (quota, old) => scopesChanged(child(quota, 'spec'), child(old, 'spec')),
    validateStatus: quota => [
      ...amountErrors('status.hard', child(quota, 'status'), 'hard'),
      ...amountErrors('status.used', child(quota, 'status'), 'used'),
    ],
  },
});

/** Quantities may be written as numbers; they are kept as texts, in Kubernetes' own form. What is no quantity stays for validation. */
function writeAsText(amounts: JsonObject | undefined): void {
  for (const [name, value] of Object.entries(amounts ?? {})) {
    const text = value === null ? '0' : typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
    if (typeof text === 'string') setKey(amounts as JsonObject, name, canonicalQuantity(text.trim()) ?? text);
  }
}

function usage(object: KubeObject, limits: boolean): Json {
  const status = child(asJson(object), 'status');
  const used = new Map(entries(status, 'used'));
  return entries(status, 'hard')
    .filter(([name]) => name.startsWith('limits.') === limits)
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

const isStandard = (name: string): boolean => counted.has(name) || measured.has(name) || /^(requests\.)?hugepages-/.test(name);

const limitedBy = (spec: JsonObject | undefined): string[] =>
  entries(spec, 'hard')
    .map(([name]) => name)
    .filter(isStandard)
    .sort();

/** Whether only whole amounts make sense: of objects, and of resources that others than Kubernetes have named. */
function isCounted(name: string): boolean {
  if (counted.has(name)) return true;
  return (
    name.includes('/') &&
    !name.includes('kubernetes.io/') &&
    !name.startsWith('requests.') &&
    qualifiedName(`requests.${name}`).length === 0
  );
}

function amountErrors(path: string, part: JsonObject | undefined, field: string): FieldError[] {
  return entries(part, field).flatMap(([name, value]) => {
    const here = atKey(path, name);
    const errors = nameErrors(here, name);
    const quantity = parseQuantity(typeof value === 'string' ? value : '');
    if (!quantity) return [...errors, invalidValue(here, value, quantityText)];
    if (quantity.numerator < 0n) errors.push(invalidValue(here, value, 'must be greater than or equal to 0'));
    if (isCounted(name) && !isWhole(quantity)) errors.push(invalidValue(here, value, 'must be an integer'));
    return errors;
  });
}

/** Kubernetes asks twice: first whether there is such a resource, then whether quotas know it. */
function nameErrors(here: string, name: string): FieldError[] {
  const errors = qualifiedName(name).map(why => invalidValue(here, name, why));
  if (name.includes('/') || isStandard(name)) return errors;
  if (errors.length === 0 && name !== 'storage')
    errors.push(invalidValue(here, name, 'must be a standard resource type or fully qualified'));
  return [...errors, invalidValue(here, name, 'must be a standard resource for quota')];
}

function scopesChanged(spec: JsonObject | undefined, old: JsonObject | undefined): FieldError[] {
  const same = new Set(texts(spec, 'scopes')).symmetricDifference(new Set(texts(old, 'scopes'))).size === 0;
  return same ? [] : [invalidValue('spec.scopes', spec?.['scopes'] ?? null, 'field is immutable')];
}
