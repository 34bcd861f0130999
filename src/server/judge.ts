import {invalid} from '../api/errors.ts';
import type {FieldError} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import type {MetadataRules} from '../api/metadata.ts';
import {finalizerWarnings, validateMetadata, validateMetadataUpdate} from '../api/metadata.ts';
import {dnsSubdomain} from '../api/names.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import type {Kind} from '../kinds/kind.ts';
import {managedFieldsErrors} from '../merge/apply/managed-fields.ts';
import type {Resource} from '../registry/resource.ts';

/** @throws ApiError Invalid, with everything that is wrong with a new object */
export function judgeNew(resource: Resource, object: KubeObject, warnings: string[]): void {
  const {kind} = resource;
  const {metadata} = asJson(object) as {metadata: JsonObject};
  const own = kind.strategy.validateCreate?.(asJson(object)) ?? [];
  refuse(resource, object, [
    ...validateMetadata(rulesOf(kind), metadata),
    ...ownerErrors(object),
    ...contentErrors(resource, object),
    ...own,
  ]);
  if (kind.custom) warnings.push(...finalizerWarnings(metadata));
}

/** @throws ApiError Invalid, with everything that is wrong with an update of `old` */
export function judgeUpdate(resource: Resource, object: KubeObject, old: KubeObject, subresource: string | undefined): void {
  const {kind} = resource;
  const {strategy} = kind;
  const now = asJson(object);
  const before = asJson(old);
  const changes = subresource === 'status' ? strategy.validateStatus : strategy.validateUpdate;
  refuse(resource, object, [
    ...validateMetadataUpdate(rulesOf(kind), now['metadata'] as JsonObject, before['metadata'] as JsonObject),
    ...ownerErrors(object),
    ...contentErrors(resource, object),
    ...(changes?.(now, before) ?? []),
  ]);
}

const rulesOf = ({group, namespaced, strategy, custom}: Kind): MetadataRules => ({
  namespaced,
  name: strategy.name ?? dnsSubdomain,
  standardFinalizers: !custom && !lenientGroups.has(group),
});

/** Groups of Kubernetes whose kinds take any finalizer. */
const lenientGroups = new Set(['admissionregistration.k8s.io', 'apiextensions.k8s.io']);

/** Built-in kinds say in their strategy all that is wrong with them; their schemas are for reading. */
const contentErrors = ({schema, kind}: Resource, object: KubeObject): FieldError[] => [
  ...(kind.custom ? schema.validate(asJson(object)) : []),
  ...(kind.strategy.validate?.(asJson(object)) ?? []),
];

const ownerErrors = ({metadata}: KubeObject): FieldError[] => managedFieldsErrors(metadata.managedFields ?? [], 'metadata.managedFields');

function refuse({kind}: Resource, {metadata}: KubeObject, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid(kind.group, kind.names.kind, metadata.name ?? '', errors);
}
