/** What an export asks for in the workspaces that bind it, and what they grant (spec kcp 1.3). */
import type {FieldError} from '../../api/field-error.ts';
import {at} from '../../api/field-error.ts';
import type {JsonObject} from '../../api/json.ts';
import type {JsonSchema} from '../../schema/json-schema.ts';
import type {Fields} from '../build.ts';
import {boolean, listOf, object, setOf, string} from '../build.ts';
import {labelSelectorFields} from '../label-selector.ts';
import {list, objects} from '../read.ts';
import {broken} from './rules.ts';

const groupPattern = '^(|[a-z0-9]([-a-z0-9]*[a-z0-9](\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)?)$';
const resourcePattern = '^[a-z][-a-z0-9]*[a-z0-9]$';
const configNamePattern = '^([a-z0-9][-a-z0-9_.]*)?[a-z0-9]$';

const group = (more: Pick<JsonSchema, 'default'> = {}): JsonSchema =>
  string('Group of the resource; empty for the core group.', {pattern: groupPattern, ...more});
const resource = string('Plural name of the resource.', {pattern: resourcePattern});
const identityHash = (more: Pick<JsonSchema, 'default'> = {}): JsonSchema =>
  string('Identity of the export that the resource comes from; empty for resources of the server.', more);

const selector = (description: string): JsonSchema =>
  object(
    description,
    {...labelSelectorFields, matchAll: boolean('Whether it is all objects; not together with the others.')},
    {'x-kubernetes-map-type': 'atomic'},
  );

const claim: Fields = {
  group: group({default: ''}),
  resource,
  verbs: setOf('What the provider wants to do; * is everything.', string('A verb.'), {minItems: 1}),
  identityHash: identityHash({default: ''}),
  defaultSelector: selector('The objects that the provider suggests to grant.'),
};
const selected: Fields = {...claim, selector: selector('The objects that are granted. Cannot change.')};
const state = string('Whether the consumer agrees.', {enum: ['Accepted', 'Rejected']});

/** A claim of v1alpha2: as an export makes it, as a binding applies it, and as a consumer answers it. */
export const permissionClaim: JsonSchema = object('One claim.', claim, {required: ['resource', 'verbs']});
export const scopedClaim: JsonSchema = object('One claim.', selected, {required: ['resource', 'selector', 'verbs']});
export const acceptableClaim: JsonSchema = object(
  'One claim, and the answer to it.',
  {...selected, state},
  {required: ['resource', 'selector', 'state', 'verbs']},
);
export const claimKeys = ['group', 'resource', 'identityHash'] as const;

/** The same of v1alpha1. Only exports default the group. */
const oldFields = (groupMore: Pick<JsonSchema, 'default'>): Fields => ({
  group: group(groupMore),
  resource,
  all: boolean('Whether it is all objects; either this or resourceSelector.'),
  resourceSelector: listOf(
    'The objects that are claimed.',
    object('Objects by name, by namespace, or both.', {
      name: string('Name of the object.', {maxLength: 253, minLength: 1, pattern: configNamePattern}),
      namespace: string('Namespace of the objects.', {minLength: 1}),
    }),
  ),
  identityHash: identityHash(),
});
export const oldExportClaim: JsonSchema = object('One claim.', oldFields({default: ''}), {required: ['resource']});
export const oldClaim: JsonSchema = object('One claim.', oldFields({}), {required: ['resource']});
export const oldAcceptableClaim: JsonSchema = object(
  'One claim, and the answer to it.',
  {...oldFields({}), state},
  {required: ['resource', 'state']},
);

/** The rules of claims of v1alpha1 in the list at `spec.permissionClaims`. */
export const oldClaimErrors = (spec: JsonObject | undefined): FieldError[] =>
  objects(spec, 'permissionClaims').flatMap((one, i) => {
    const path = at('spec.permissionClaims', i);
    const some = list(one, 'resourceSelector').length > 0;
    const errors = (one['all'] === true) === some ? [broken(path, 'either "all" or "resourceSelector" must be set')] : [];
    objects(one, 'resourceSelector').forEach((by, j) => {
      if (by['name'] === undefined && by['namespace'] === undefined)
        errors.push(broken(at(path, 'resourceSelector', j), 'at least one field must be set'));
    });
    return errors;
  });
