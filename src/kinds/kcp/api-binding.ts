import type {FieldError} from '../../api/field-error.ts';
import {at} from '../../api/field-error.ts';
import type {JsonObject} from '../../api/json.ts';
import {equal} from '../../api/json.ts';
import type {JsonSchema} from '../../schema/json-schema.ts';
import {dateAge, kcpKind, keyedList, listOf, object, setOf, string} from '../build.ts';
import type {Kind, Strategy} from '../kind.ts';
import {child, objects, text} from '../read.ts';
import {
  acceptableClaim,
  claimKeys,
  oldAcceptableClaim,
  oldClaim,
  oldClaimErrors,
  permissionClaim,
  scopedClaim,
} from './permission-claims.ts';
import {broken, unchanged} from './rules.ts';
import {conditionColumn, conditions, exportReference} from './shapes.ts';

const boundResources = keyedList(
  ['group', 'resource'],
  'What the binding brings into the workspace.',
  object(
    'One resource.',
    {
      group: string('Group of the resource.'),
      resource: string('Plural name of the resource.'),
      schema: object(
        'The schema it is bound with.',
        {
          name: string('Name of the APIResourceSchema.', {minLength: 1}),
          UID: string('UID of the APIResourceSchema.', {minLength: 1}),
          identityHash: string('Identity of the export.', {minLength: 1}),
        },
        {required: ['UID', 'identityHash', 'name']},
      ),
      storageVersions: setOf('Versions in which objects may be stored.', string('A version.')),
    },
    {required: ['group', 'resource', 'schema']},
  ),
);

/** What differs between the versions. */
type Version = {
  readonly version: string;
  readonly reference: Pick<JsonSchema, 'oneOf'>;
  readonly claims: JsonSchema;
  readonly exported: JsonSchema;
  readonly applied: JsonSchema;
  readonly strategy: Strategy;
};

/** APIBinding (spec kcp 1.3); one kind per version. */
const apiBinding = (v: Version): Kind =>
  kcpKind({
    group: 'apis.kcp.io',
    version: v.version,
    kind: 'APIBinding',
    plural: 'apibindings',
    description: 'Brings the APIs of an export into this workspace.',
    fields: {
      spec: object(
        'What is bound.',
        {
          reference: object('What the APIs come from. Cannot change.', {export: exportReference('An API export.')}, v.reference),
          permissionClaims: v.claims,
        },
        {required: ['reference']},
      ),
      status: object('How far the binding is.', {
        apiExportClusterName: string('The logical cluster of the export.'),
        boundResources,
        phase: string('Binding, then Bound.', {enum: ['', 'Binding', 'Bound']}),
        conditions,
        exportPermissionClaims: v.exported,
        appliedPermissionClaims: v.applied,
      }),
    },
    required: ['spec'],
    subresources: {status: true},
    columns: [dateAge, conditionColumn('Ready', 'Ready')],
    strategy: v.strategy,
  });

const answers = 'What the export asks for, and the answers.';
const asked = 'What the export asks for.';
const granted = 'What the provider may do here.';
const sameReference = (object: JsonObject, old: JsonObject): FieldError[] =>
  unchanged(object, old, ['spec', 'reference'], 'APIExport reference must not be changed');

export const apiBindingV1alpha1: Kind = apiBinding({
  version: 'v1alpha1',
  reference: {oneOf: [{required: ['export']}]},
  claims: listOf(answers, oldAcceptableClaim),
  exported: listOf(asked, oldClaim),
  applied: listOf(granted, oldClaim),
  strategy: {validate: object => oldClaimErrors(child(object, 'spec')), validateUpdate: sameReference},
});

export const apiBindingV1alpha2: Kind = apiBinding({
  version: 'v1alpha2',
  reference: {},
  claims: keyedList(claimKeys, answers, acceptableClaim),
  exported: listOf(asked, permissionClaim),
  applied: keyedList(claimKeys, granted, scopedClaim),
  strategy: {validateUpdate: (object, old) => [...sameReference(object, old), ...selectorErrors(object, old)]},
});

/** Claims are found again by their keys; the selector of one that is still there stays. */
function selectorErrors(object: JsonObject, old: JsonObject): FieldError[] {
  const keyOf = (claim: JsonObject): string => JSON.stringify(claimKeys.map(key => text(claim, key)));
  const before = new Map(objects(child(old, 'spec'), 'permissionClaims').map(claim => [keyOf(claim), claim['selector']]));
  return objects(child(object, 'spec'), 'permissionClaims').flatMap((claim, i) => {
    const was = before.get(keyOf(claim));
    if (was === undefined || claim['selector'] === undefined || equal(claim['selector'], was)) return [];
    return [broken(at('spec.permissionClaims', i, 'selector'), 'Permission claim selector is immutable')];
  });
}
