import type {FieldError} from '../api/field-error.ts';
import {at, atKey, forbiddenField, invalidValue, notSupported, required} from '../api/field-error.ts';
import type {JsonSchema} from './json-schema.ts';
import {rootFields} from './prune.ts';

/** Where a node stands: what is forbidden there depends on it. */
type Context = {
  readonly isRoot: boolean;
  /** Within apiVersion, kind or metadata of a resource. */
  readonly inMetadata: boolean;
  /** Why defaults are not allowed here. */
  readonly noDefaults?: string;
};

/** Rules on single keywords and on lists and maps (spec kubernetes-api 6.2.3, 6.2.6, 6.2.11 to 6.2.13). */
export function checkKeywords(schema: JsonSchema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  checkNode(schema, path, {isRoot: true, inMetadata: false}, errors);
  return errors;
}

function checkNode(schema: JsonSchema, path: string, context: Context, errors: FieldError[]): void {
  checkSingle(schema, path, context, errors);
  checkMapType(schema, path, errors);
  checkListType(schema, path, errors);
  checkListMap(schema, path, errors);
  checkChildren(schema, path, {...context, isRoot: false}, errors);
  const embedded = schema['x-kubernetes-embedded-resource'] === true;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const implied = (context.isRoot || embedded) && rootFields.has(name);
    checkNode(
      property,
      atKey(at(path, 'properties'), name),
      {
        isRoot: false,
        inMetadata: context.inMetadata || implied,
        ...(context.noDefaults !== undefined && {noDefaults: context.noDefaults}),
        ...(implied && context.isRoot && {noDefaults: `in top-level ${name}`}),
      },
      errors,
    );
  }
}

function checkChildren(schema: JsonSchema, path: string, context: Context, errors: FieldError[]): void {
  const {additionalProperties} = schema;
  if (typeof additionalProperties === 'object') {
    // What pruning would make of a default depends on the value around it, which is not known here.
    const ambiguous = context.inMetadata && {noDefaults: 'inside additionalProperties applying to object metadata'};
    checkNode(additionalProperties, at(path, 'additionalProperties'), {...context, ...ambiguous}, errors);
  }
  if (schema.items) checkNode(schema.items, at(path, 'items'), context, errors);
  if (schema.not) checkNode(schema.not, at(path, 'not'), context, errors);
  for (const junctor of ['allOf', 'anyOf', 'oneOf'] as const) {
    for (const [i, nested] of (schema[junctor] ?? []).entries()) checkNode(nested, at(path, junctor, i), context, errors);
  }
}

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

function checkSingle(schema: JsonSchema, path: string, context: Context, errors: FieldError[]): void {
  const type: string | undefined = schema.type;
  if (type && !types.includes(type)) errors.push(notSupported(at(path, 'type'), type, types));
  if (type === 'null') errors.push(forbiddenField(at(path, 'type'), 'type cannot be set to null, use nullable as an alternative'));
  if (schema.default !== undefined && context.noDefaults !== undefined)
    errors.push(forbiddenField(at(path, 'default'), `must not be set ${context.noDefaults}`));
  if (context.inMetadata && schema['x-kubernetes-embedded-resource'])
    errors.push(forbiddenField(at(path, 'x-kubernetes-embedded-resource'), 'must not be used inside of resource meta'));
  if (schema.uniqueItems) {
    const detail = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    errors.push(forbiddenField(at(path, 'uniqueItems'), detail));
  }
  const {additionalProperties, properties} = schema;
  if (additionalProperties !== undefined && additionalProperties !== true && Object.keys(properties ?? {}).length > 0)
    errors.push(forbiddenField(at(path, 'additionalProperties'), 'additionalProperties and properties are mutual exclusive'));
  if (schema['x-kubernetes-preserve-unknown-fields'] === false)
    errors.push(invalidValue(at(path, 'x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined'));
}

/** `type` must be `wanted` because `keyword` is there. */
function demandType(schema: JsonSchema, wanted: string, keyword: string, path: string): FieldError[] {
  if (schema.type === wanted) return [];
  const detail = `must be ${wanted} if ${keyword} is specified`;
  return [schema.type ? invalidValue(at(path, 'type'), schema.type, detail) : required(at(path, 'type'), detail)];
}

function checkMapType(schema: JsonSchema, path: string, errors: FieldError[]): void {
  const keyword = 'x-kubernetes-map-type';
  const mapType: string | undefined = schema[keyword];
  if (mapType === undefined) return;
  errors.push(...demandType(schema, 'object', keyword, path));
  if (mapType !== 'atomic' && mapType !== 'granular') errors.push(notSupported(at(path, keyword), mapType, ['atomic', 'granular']));
}

function checkListType(schema: JsonSchema, path: string, errors: FieldError[]): void {
  const keyword = 'x-kubernetes-list-type';
  const listType: string | undefined = schema[keyword];
  const where = at(path, keyword);
  if (listType !== undefined) {
    const wrongType = demandType(schema, 'array', keyword, path);
    errors.push(...wrongType);
    if (wrongType.length === 0 && listType === 'set' && schema.items) checkSetItem(schema.items, at(path, 'items'), errors);
    if (!['atomic', 'set', 'map'].includes(listType)) errors.push(notSupported(where, listType, ['atomic', 'set', 'map']));
    if ((listType === 'set' || listType === 'map') && schema.items?.nullable)
      errors.push(forbiddenField(at(path, 'items', 'nullable'), `cannot be nullable when x-kubernetes-list-type is ${listType}`));
  }
  if ((schema['x-kubernetes-list-map-keys'] ?? []).length > 0 && listType !== 'map') {
    const detail = 'must be map if x-kubernetes-list-map-keys is non-empty';
    errors.push(listType === undefined ? required(where, detail) : invalidValue(where, listType, detail));
  }
}

/** Items of a set are compared as a whole. */
function checkSetItem(item: JsonSchema, path: string, errors: FieldError[]): void {
  const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const listType = item['x-kubernetes-list-type'];
  if (item.type === 'array' && listType !== undefined && listType !== 'atomic')
    errors.push(invalidValue(at(path, 'x-kubernetes-list-type'), listType, detail));
  if (item.type === 'object' && item['x-kubernetes-map-type'] !== 'atomic')
    errors.push(invalidValue(at(path, 'x-kubernetes-map-type'), item['x-kubernetes-map-type'], detail));
}

function checkListMap(schema: JsonSchema, path: string, errors: FieldError[]): void {
  if (schema['x-kubernetes-list-type'] !== 'map') return;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const where = at(path, 'x-kubernetes-list-map-keys');
  if (keys.length === 0) errors.push(required(where, 'must not be empty if x-kubernetes-list-type is map'));
  const {items} = schema;
  if (!items) {
    errors.push(required(at(path, 'items'), 'must have a schema if x-kubernetes-list-type is map'));
    return;
  }
  if (items.type !== 'object') {
    const detail = "must be object if parent array's x-kubernetes-list-type is map";
    errors.push(invalidValue(at(path, 'items', 'type'), items.type ?? '', detail));
    return;
  }
  if (new Set(keys).size < keys.length) errors.push(invalidValue(where, [...keys], 'must not contain duplicate entries'));
  for (const key of new Set(keys)) {
    const property = items.properties && Object.hasOwn(items.properties, key) ? items.properties[key] : undefined;
    if (property) checkMapKey(property, (items.required ?? []).includes(key), atKey(at(path, 'items', 'properties'), key), errors);
    else errors.push(invalidValue(where, [...keys], 'entries must all be names of item properties'));
  }
}

/** What tells items apart must always be there. */
function checkMapKey(property: JsonSchema, isRequired: boolean, path: string, errors: FieldError[]): void {
  if (property.type === 'array' || property.type === 'object') {
    const detail = "must be a scalar type if parent array's x-kubernetes-list-type is map";
    errors.push(invalidValue(at(path, 'type'), property.type, detail));
  }
  const because = 'this property is in x-kubernetes-list-map-keys, so it';
  if (!isRequired && property.default === undefined)
    errors.push(required(at(path, 'default'), `${because} must have a default or be a required property`));
  if (property.nullable) errors.push(forbiddenField(at(path, 'nullable'), `${because} cannot be nullable`));
}
