import {invalid} from '../api/errors.ts';
import type {FieldError} from '../api/field-error.ts';
import {validateMetadata, validateMetadataUpdate} from '../api/metadata.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import type {Resource} from '../registry/resource.ts';

/** @throws ApiError Invalid, with everything that is wrong with a new object */
export function judgeNew(resource: Resource, object: KubeObject, warnings: string[]): void {
  const {kind} = resource;
  refuse(resource, object, [...validateMetadata(kind, object.metadata, warnings), ...contentErrors(resource, object)]);
}

/** @throws ApiError Invalid, with everything that is wrong with an update of `old` */
export function judgeUpdate(resource: Resource, object: KubeObject, old: KubeObject, subresource: string | undefined): void {
  const {strategy} = resource.kind;
  const changes = subresource === 'status' ? strategy.validateStatus : strategy.validateUpdate;
  refuse(resource, object, [
    ...validateMetadataUpdate(resource.kind, object.metadata, old.metadata),
    ...contentErrors(resource, object),
    ...(changes?.(asJson(object), asJson(old)) ?? []),
  ]);
}

const contentErrors = ({schema, kind}: Resource, object: KubeObject): FieldError[] => [
  ...schema.validate(asJson(object)),
  ...(kind.strategy.validate?.(asJson(object)) ?? []),
];

function refuse({kind}: Resource, {metadata}: KubeObject, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid(kind.group, kind.names.kind, metadata.name ?? '', errors);
}
