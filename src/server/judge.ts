import type {Write} from '../admission/rule.ts';
import {invalid} from '../api/errors.ts';
import type {FieldError} from '../api/field-error.ts';
import {invalidValue, summary} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import type {MetadataRules} from '../api/metadata.ts';
import {finalizerWarnings, validateMetadata, validateMetadataUpdate} from '../api/metadata.ts';
import {dnsSubdomain} from '../api/names.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import type {Kind} from '../kinds/kind.ts';
import {isStatusPart} from '../kinds/kind.ts';
import {managedFieldsErrors} from '../merge/apply/managed-fields.ts';
import type {Resource} from '../registry/resource.ts';

/** Of the rules of schemas, as far as patience goes. @throws ApiError Invalid, with everything that is wrong with a new object */
export function judgeNew(resource: Resource, object: KubeObject, warnings: string[], patience?: Patience): void {
  const {kind} = resource;
  const {metadata} = asJson(object) as {metadata: JsonObject};
  if (kind.strategy.takesLong?.(asJson(object))) patience?.lost();
  const own = kind.strategy.validateCreate?.(asJson(object)) ?? [];
  const found = [...validateMetadata(rulesOf(kind), metadata), ...ownerErrors(object), ...contentErrors(resource, {object})];
  refuse(resource, object, [...found, ...ruleFindings(resource, {object}, {found, patience}).errors, ...own]);
  if (kind.custom) warnings.push(...finalizerWarnings(metadata));
  warnings.push(...(kind.strategy.warnings?.(asJson(object)) ?? []));
}

/** The same of an update. Warns of what is forgiven. @throws ApiError Invalid, with everything that is wrong with an update of `old` */
export function judgeUpdate({resource, object, subresource, warnings}: Write, old: KubeObject, patience?: Patience): void {
  const {kind} = resource;
  const {strategy} = kind;
  const now = asJson(object);
  const before = asJson(old);
  if (strategy.takesLong?.(now)) patience?.lost();
  const change: Change = {object, old, subresource};
  const found = [
    ...validateMetadataUpdate(rulesOf(kind), now['metadata'] as JsonObject, before['metadata'] as JsonObject),
    ...ownerErrors(object),
    ...contentErrors(resource, change),
  ];
  const {errors, forgiven} = ruleFindings(resource, change, {found, patience});
  const own = isStatusPart(subresource) ? strategy.validateStatus?.(now, before, subresource) : strategy.validateUpdate?.(now, before);
  refuse(resource, object, [...found, ...errors, ...(own ?? [])]);
  warnings.push(...forgiven.map(error => summary([error])), ...(subresource ? [] : (strategy.warnings?.(now, before) ?? [])));
}

const rulesOf = ({group, namespaced, strategy, custom}: Kind): MetadataRules => ({
  namespaced,
  name: strategy.name ?? dnsSubdomain,
  standardFinalizers: !custom && !lenientGroups.has(group),
});

/** Groups of Kubernetes whose kinds take any finalizer. */
const lenientGroups = new Set(['admissionregistration.k8s.io', 'apiextensions.k8s.io']);

type Patience = Parameters<NonNullable<Resource['rules']>['check']>[2];
type Findings = ReturnType<NonNullable<Resource['rules']>['check']>;

/** What is to be stored, and for an update, what is there. */
type Change = {readonly object: KubeObject; readonly old?: KubeObject; readonly subresource?: string | undefined};

/** Built-in kinds say in their strategy all that is wrong with them; their schemas are for reading. */
function contentErrors({schema, kind}: Resource, {object, old, subresource}: Change): FieldError[] {
  const validate = subresource === 'status' ? schema.validateStatus : schema.validate;
  return [...(kind.custom ? validate(asJson(object), old && asJson(old)) : []), ...(kind.strategy.validate?.(asJson(object)) ?? [])];
}

/** What the rules of the schema say. They may rely on what the rest of it demands, and wait until that is in order. */
function ruleFindings(
  {rules}: Resource,
  {object, old}: Change,
  {found, patience}: {found: readonly FieldError[]; patience: Patience | undefined},
): Findings {
  if (!rules) return {errors: [], forgiven: []};
  if (found.some(({type}) => blocking.has(type))) return {errors: [invalidValue('', null, unchecked)], forgiven: []};
  return rules.check(asJson(object), old && asJson(old), patience);
}

const blocking: ReadonlySet<FieldError['type']> = new Set(['NotSupported', 'Required', 'TooLong', 'TooMany', 'TypeInvalid']);
const unchecked =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

const ownerErrors = ({metadata}: KubeObject): FieldError[] => managedFieldsErrors(metadata.managedFields ?? [], 'metadata.managedFields');

function refuse({kind}: Resource, {metadata}: KubeObject, errors: readonly FieldError[]): void {
  // What is a view of another kind is refused in its name.
  if (errors.length > 0) throw invalid(kind.view?.group ?? kind.group, kind.names.kind, metadata.name ?? '', errors);
}
