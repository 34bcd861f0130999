import type {FieldError} from '../../api/field-error.ts';
import {at} from '../../api/field-error.ts';
import type {JsonObject} from '../../api/json.ts';
import type {Fields} from '../build.ts';
import {dateAge, kcpKind, keyedList, listOf, object, setOf, string} from '../build.ts';
import type {Column, Kind, Strategy} from '../kind.ts';
import {child, objects} from '../read.ts';
import {oldClaimErrors, oldExportClaim, permissionClaim} from './permission-claims.ts';
import {broken} from './rules.ts';
import {conditionColumn, conditions, secretReference} from './shapes.ts';

/** What differs between the versions. */
type Version = {
  readonly version: string;
  readonly spec: Fields;
  readonly columns: readonly Column[];
  readonly strategy: Strategy;
};

/** APIExport (spec kcp 1.3); one kind per version. */
const apiExport = (v: Version): Kind =>
  kcpKind({
    group: 'apis.kcp.io',
    version: v.version,
    kind: 'APIExport',
    plural: 'apiexports',
    description: 'Offers APIs to other workspaces, which get them by binding the export.',
    fields: {
      spec: object('What is offered.', {
        ...v.spec,
        identity: object('What tells this export from others that offer the same names.', {secretRef: secretReference}),
        maximalPermissionPolicy: object(
          'The most that consumers may do with the APIs, whatever their own rules allow; no limit when absent.',
          {local: object('RBAC next to the export decides, for users and groups prefixed with apis.kcp.io:binding:.', {})},
          {oneOf: [{required: ['local']}]},
        ),
      }),
      status: object('How the export is.', {
        identityHash: string('The identity, which consumers can see.'),
        conditions,
        virtualWorkspaces: listOf(
          'Not filled any more: see the APIExportEndpointSlice.',
          object('One endpoint.', {url: string('The URL.', {minLength: 1})}, {required: ['url']}),
        ),
      }),
    },
    subresources: {status: true},
    columns: v.columns,
    strategy: v.strategy,
  });

const claimsText = 'What the provider asks to do with other resources of consumers.';
const claimKeys = ['group', 'resource'];

export const apiExportV1alpha1: Kind = apiExport({
  version: 'v1alpha1',
  spec: {
    latestResourceSchemas: setOf('Names of the APIResourceSchemas that are offered.', string('A name.')),
    permissionClaims: keyedList(claimKeys, claimsText, oldExportClaim),
  },
  columns: [dateAge, conditionColumn('Ready', 'VirtualWorkspaceURLsReady')],
  strategy: {validate: object => oldClaimErrors(child(object, 'spec'))},
});

export const apiExportV1alpha2: Kind = apiExport({
  version: 'v1alpha2',
  spec: {
    resources: keyedList(
      ['name', 'group'],
      'The resources that are offered.',
      object(
        'One resource.',
        {
          name: string('Plural name of the resource.'),
          group: string('Group of the resource; empty for the core group.'),
          schema: string('Name of the APIResourceSchema; it ends in .<name>.<group>.'),
          storage: object(
            'Where the objects are.',
            {
              crd: object('In the workspace of the consumer.', {}),
              virtual: object(
                'With the provider, who serves them.',
                {
                  reference: object(
                    'The endpoint slice that tells where.',
                    {
                      apiGroup: string('Group of the endpoint slice.'),
                      kind: string('Kind of the endpoint slice.'),
                      name: string('Name of the endpoint slice.'),
                    },
                    {required: ['kind', 'name'], 'x-kubernetes-map-type': 'atomic'},
                  ),
                  identityHash: string('Identity of the resource.'),
                },
                {required: ['identityHash', 'reference']},
              ),
            },
            {default: {crd: {}}, oneOf: [{required: ['crd']}, {required: ['virtual']}]},
          ),
        },
        {required: ['group', 'name', 'schema']},
      ),
    ),
    permissionClaims: keyedList(claimKeys, claimsText, permissionClaim),
  },
  columns: [dateAge],
  strategy: {validate: storageErrors},
});

function storageErrors(object: JsonObject): FieldError[] {
  return objects(child(object, 'spec'), 'resources').flatMap((resource, i) => {
    const storage = child(resource, 'storage');
    if (!storage || (storage['crd'] === undefined) !== (storage['virtual'] === undefined)) return [];
    return [broken(at('spec.resources', i, 'storage'), 'Exactly one of crd or virtual must be set')];
  });
}
