/** What makes a CustomResourceDefinition valid beyond its types (spec kubernetes-api 6.1). */
import type {FieldError} from '../api/field-error.ts';
import {at, forbiddenField, invalidValue, notSupported, required, tooMany} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {dig, digString, equal, getKey} from '../api/json.ts';
import {dns1035Label, dnsSubdomain} from '../api/names.ts';
import {isEstablished} from './crd.ts';
import type {DefinitionCondition} from './crd-conditions.ts';
import {asKubernetesHoldsThem} from './crd-error-paths.ts';
import {shortNamesMax} from './crd-names.ts';
import {versionErrors, versionRuleErrors} from './crd-version-validation.ts';
import {child, objects, text, texts} from './read.ts';
import {reviewVersionErrors, webhookClientErrors} from './webhook-client.ts';

export const approvalAnnotation = 'api-approved.kubernetes.io';

/** On every write, after defaults; the status is part of it, since it must name the storage version. */
export function validateCrd(crd: JsonObject): FieldError[] {
  const spec = child(crd, 'spec') ?? {};
  return [
    ...groupErrors(spec),
    ...scopeErrors(spec),
    ...versionsErrors(spec),
    ...requiredNameErrors(spec),
    ...nameErrors('spec.names', child(spec, 'names')),
    ...conversionErrors(child(spec, 'conversion')),
    ...storedVersionErrors(crd),
    ...approvalErrors(crd, text(spec, 'group')),
    ...preserveErrors(spec),
  ];
}

/** In addition on creation: its name, which cannot change later, and what is wrong with the rules of its schemas. */
export const validateNewCrd = (crd: JsonObject): FieldError[] => [...ownNameErrors(crd), ...rulesErrors(crd, () => true)];

/** Rules of schemas that did not change are not held against an update: they were judged when they came. */
function changedRulesErrors(crd: JsonObject, old: JsonObject): FieldError[] {
  const schemas = new Map(objects(child(old, 'spec'), 'versions').map(version => [text(version, 'name'), version['schema']]));
  return rulesErrors(crd, version => !equal(version['schema'], schemas.get(text(version, 'name'))));
}

function rulesErrors(crd: JsonObject, concerns: (version: JsonObject) => boolean): FieldError[] {
  const versions = objects(child(crd, 'spec'), 'versions');
  const found = versions.flatMap((version, i) => (concerns(version) ? versionRuleErrors(at('spec', 'versions', i), version) : []));
  return asKubernetesHoldsThem(found, versions);
}

/** What cannot change: group and plural never, scope and kind once the resource is served. And what is wrong with rules that are new. */
export function validateCrdUpdate(crd: JsonObject, old: JsonObject): FieldError[] {
  const fixed: (readonly string[])[] = [...(isEstablished(old) ? [['scope'], ['names', 'kind']] : []), ['group'], ['names', 'plural']];
  const moved = fixed.flatMap(path => {
    const now = digString(crd, 'spec', ...path) ?? '';
    return now === (digString(old, 'spec', ...path) ?? '') ? [] : [invalidValue(at('spec', ...path), now, 'field is immutable')];
  });
  return [...moved, ...changedRulesErrors(crd, old)];
}

/** In addition on writes of `/status`, where stored versions may be dropped and names decided. */
export const validateCrdStatus = (crd: JsonObject): FieldError[] =>
  nameErrors('status.acceptedNames', child(child(crd, 'status'), 'acceptedNames'));

function ownNameErrors(crd: JsonObject): FieldError[] {
  const name = digString(crd, 'metadata', 'name') ?? '';
  const wanted = `${digString(crd, 'spec', 'names', 'plural') ?? ''}.${digString(crd, 'spec', 'group') ?? ''}`;
  return name === '' || name === wanted ? [] : [invalidValue('metadata.name', name, 'must be spec.names.plural+"."+spec.group')];
}

/** Groups of Kubernetes that are no domains: as in kcp, a workspace may define their kinds. */
const shortGroups: ReadonlySet<string> = new Set(['apps', 'autoscaling', 'batch', 'extensions', 'policy']);

function groupErrors(spec: JsonObject): FieldError[] {
  const group = text(spec, 'group');
  if (!group) return [required('spec.group')];
  const errors = dnsSubdomain(group);
  if (errors.length > 0) return [invalidValue('spec.group', group, errors.join(','))];
  return group.includes('.') || shortGroups.has(group)
    ? []
    : [invalidValue('spec.group', group, 'should be a domain with at least one dot')];
}

const oneOf = (path: string, value: string, allowed: readonly string[]): FieldError[] => {
  if (value === '') return [required(path)];
  return allowed.includes(value) ? [] : [notSupported(path, value, allowed)];
};

const scopeErrors = (spec: JsonObject): FieldError[] => oneOf('spec.scope', text(spec, 'scope'), ['Cluster', 'Namespaced']);

function versionsErrors(spec: JsonObject): FieldError[] {
  const versions = objects(spec, 'versions');
  const found = versions.flatMap((version, i) => versionErrors(at('spec', 'versions', i), version));
  const errors = asKubernetesHoldsThem(found, versions);
  const first = text(versions[0], 'name');
  // The name of the first version is that of the definition's only one, from a time when there were no others.
  if (versions.length > 0) errors.push(...dns1035Label(first).map(why => invalidValue('spec.version', first, why)));
  const printed = getKey(spec, 'versions') === undefined ? null : versions.map(printedVersion);
  const unique = new Set(versions.map(version => text(version, 'name')));
  if (unique.size !== versions.length) errors.push(invalidValue('spec.versions', printed, 'must contain unique version names'));
  if (versions.filter(version => version['storage'] === true).length !== 1)
    errors.push(invalidValue('spec.versions', printed, 'must have exactly one version marked as storage version'));
  return errors;
}

/** A version as errors quote it: in Kubernetes' own form, without what is long. */
const printedVersion = (version: JsonObject): JsonObject => ({
  Name: text(version, 'name'),
  Served: version['served'] === true,
  Storage: version['storage'] === true,
  Deprecated: version['deprecated'] === true,
  DeprecationWarning: getKey(version, 'deprecationWarning') ?? null,
  Schema: null,
  Subresources: null,
  AdditionalPrinterColumns: null,
  SelectableFields: null,
});

const requiredNameErrors = (spec: JsonObject): FieldError[] =>
  ['plural', 'singular', 'kind', 'listKind']
    .filter(name => !text(child(spec, 'names'), name))
    .map(name => required(at('spec', 'names', name)));

function nameErrors(path: string, names: JsonObject | undefined): FieldError[] {
  const errors: FieldError[] = [];
  const check = (field: string, value: string, mixed: boolean): void => {
    const found = dns1035Label(mixed ? value.toLowerCase() : value);
    const lead = mixed ? 'may have mixed case, but should otherwise match: ' : '';
    if (found.length > 0) errors.push(invalidValue(field, value, lead + found.join(',')));
  };
  // That these are missing is told elsewhere.
  const given = (field: string): boolean => text(names, field) !== '';
  for (const field of ['plural', 'singular'].filter(given)) check(at(path, field), text(names, field), false);
  for (const field of ['kind', 'listKind'].filter(given)) check(at(path, field), text(names, field), true);
  const shortNames = texts(names, 'shortNames');
  if (shortNames.length > shortNamesMax) return [tooMany(at(path, 'shortNames'), shortNames.length, shortNamesMax)];
  shortNames.forEach((name, i) => {
    check(at(path, 'shortNames', i), name, false);
  });
  const listKind = text(names, 'listKind');
  if (listKind && listKind === text(names, 'kind'))
    errors.push(invalidValue(at(path, 'listKind'), listKind, 'kind and listKind may not be the same'));
  texts(names, 'categories').forEach((name, i) => {
    check(at(path, 'categories', i), name, false);
  });
  return errors;
}

/** The paths are those of Kubernetes' internal form, which clients see. */
function conversionErrors(conversion: JsonObject | undefined): FieldError[] {
  if (!conversion) return [];
  const path = 'spec.conversion';
  const [clientPath, versionsPath] = [at(path, 'webhookClientConfig'), at(path, 'conversionReviewVersions')];
  const webhook = child(conversion, 'webhook');
  const client = child(webhook, 'clientConfig');
  const versions = texts(webhook, 'conversionReviewVersions');
  const errors = oneOf(at(path, 'strategy'), text(conversion, 'strategy'), ['None', 'Webhook']);
  if (text(conversion, 'strategy') !== 'Webhook') {
    const why = 'should not be set when strategy is not set to Webhook';
    if (client) errors.push(forbiddenField(clientPath, why));
    if (versions.length > 0) errors.push(forbiddenField(versionsPath, why));
    return errors;
  }
  if (!client) errors.push(required(clientPath, 'required when strategy is set to Webhook'));
  else errors.push(...webhookClientErrors(clientPath, client));
  return [...errors, ...(versions.length === 0 ? [required(versionsPath)] : reviewVersionErrors(versionsPath, versions))];
}

function storedVersionErrors(crd: JsonObject): FieldError[] {
  const path = 'status.storedVersions';
  const stored = texts(child(crd, 'status'), 'storedVersions');
  if (stored.length === 0)
    return [invalidValue(path, dig(crd, 'status', 'storedVersions') ?? null, 'must have at least one stored version')];
  const versions = objects(child(crd, 'spec'), 'versions');
  const names = new Set(versions.map(version => text(version, 'name')));
  const unstored = versions.filter(version => version['storage'] === true).map(version => text(version, 'name'));
  return [
    ...unstored
      .filter(name => !stored.includes(name))
      .map(name => invalidValue(path, [...stored], `must have the storage version ${name}`)),
    ...stored.flatMap((name, i) => (names.has(name) ? [] : [invalidValue(at(path, i), name, missingVersion(name))])),
  ];
}

const missingVersion = (name: string): string =>
  `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ` +
  `ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`;

const protectedGroup = /(^|\.)(k8s|kubernetes)\.io$/;
const approvalText = `protected groups must have approval annotation "${approvalAnnotation}"`;
const approvalLink = 'see https://github.com/kubernetes/enhancements/pull/1111';

/** Kubernetes' own groups need a statement that they were approved, or that they were not. */
function approvalErrors(crd: JsonObject, group: string): FieldError[] {
  if (!protectedGroup.test(group)) return [];
  const path = `metadata.annotations[${approvalAnnotation}]`;
  const value = digString(crd, 'metadata', 'annotations', approvalAnnotation);
  if (!value) return [required(path, `${approvalText}, ${approvalLink}`)];
  if (value.startsWith('unapproved') || isUrl(value)) return [];
  return [invalidValue(path, value, `${approvalText} with either a URL or a reason starting with "unapproved", ${approvalLink}`)];
}

/** What the annotation says of a definition that is valid; undefined for groups that need none (spec kubernetes-api 6.1). */
export function approvalCondition(crd: JsonObject): DefinitionCondition | undefined {
  if (!protectedGroup.test(digString(crd, 'spec', 'group') ?? '')) return undefined;
  const type = 'KubernetesAPIApprovalPolicyConformant';
  const value = digString(crd, 'metadata', 'annotations', approvalAnnotation) ?? '';
  return value.startsWith('unapproved')
    ? {type, status: 'False', reason: 'UnapprovedAnnotation', message: `not approved: ${JSON.stringify(value)}`}
    : {type, status: 'True', reason: 'ApprovedAnnotation', message: `approved in ${value}`};
}

const isUrl = (value: string): boolean => URL.canParse(value) && new URL(value).host !== '';

const preserveErrors = (spec: JsonObject): FieldError[] =>
  spec['preserveUnknownFields'] === true
    ? [
        invalidValue(
          'spec.preserveUnknownFields',
          true,
          'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
        ),
      ]
    : [];
