import type {FieldError} from '../../api/field-error.ts';
import {invalidValue} from '../../api/field-error.ts';
import type {JsonObject} from '../../api/json.ts';
import {digString} from '../../api/json.ts';
import type {JsonSchema} from '../../schema/json-schema.ts';
import {boolean, kcpKind, listOf, mapOf, object, string} from '../build.ts';
import type {Kind} from '../kind.ts';
import {policyRule} from '../policy-rule.ts';
import {workspaceNameErrors} from './rules.ts';
import {conditions, pathPattern, typeReference} from './shapes.ts';

const limit = (which: string): JsonSchema =>
  object(
    `Which types ${which} may have; all when absent.`,
    {
      none: boolean(`When true, there can be no ${which}.`),
      types: listOf(`The only types that ${which} may have or extend.`, typeReference('A workspace type.'), {minItems: 1}),
    },
    {oneOf: [{required: ['none']}, {required: ['types']}]},
  );

/** WorkspaceType (spec kcp 1.2). */
export const workspaceType: Kind = kcpKind({
  group: 'tenancy.kcp.io',
  version: 'v1alpha1',
  kind: 'WorkspaceType',
  plural: 'workspacetypes',
  description: 'What workspaces of one kind have in common: how they begin and end, which APIs they have, where they may be.',
  fields: {
    spec: object('What the type means.', {
      initializer: boolean('Whether somebody initializes workspaces of this type before they are Ready.'),
      terminator: boolean('Whether somebody cleans up workspaces of this type before they are deleted.'),
      extend: object('Types that this one builds on.', {
        with: listOf('Their initializers, terminators, bindings and relations apply too.', typeReference('A workspace type.')),
      }),
      additionalWorkspaceLabels: mapOf('Labels that new workspaces get unless they have them.', string('The value.')),
      defaultChildWorkspaceType: typeReference('The type of children that name none.', {default: {name: 'universal', path: 'root'}}),
      limitAllowedChildren: limit('children'),
      limitAllowedParents: limit('parents'),
      defaultAPIBindings: listOf(
        'APIs that new workspaces are bound to.',
        object(
          'One API export.',
          {
            path: string('The workspace that holds the export; that of the type when empty.', {pattern: pathPattern}),
            export: string('Name of the export.'),
          },
          {required: ['export']},
        ),
      ),
      defaultAPIBindingLifecycle: string('InitializeOnly: bound once, then the owner decides. Maintain: kept as the type says.', {
        enum: ['InitializeOnly', 'Maintain'],
      }),
      authenticationConfigurations: listOf(
        'Further ways for users to prove who they are.',
        object('One way.', {name: string('Name of a WorkspaceAuthenticationConfiguration next to the type.')}, {required: ['name']}),
      ),
      initializerPermissions: listOf('What the initializer may do in workspaces it initializes.', policyRule),
      terminatorPermissions: listOf('What the terminator may do in workspaces it cleans up.', policyRule),
    }),
    status: object('How the type is.', {
      conditions,
      virtualWorkspaces: listOf(
        'Where initializers and terminators find their workspaces, shard by shard.',
        object(
          'One endpoint.',
          {
            url: string('The URL.', {minLength: 1}),
            type: string('For whom it is.', {enum: ['initializing', 'terminating']}),
          },
          {required: ['url']},
        ),
      ),
    }),
  },
  subresources: {status: true},
  strategy: {validate: object => [...workspaceNameErrors(object), ...reservedNameErrors(object)]},
});

function reservedNameErrors(object: JsonObject): FieldError[] {
  const name = digString(object, 'metadata', 'name') ?? '';
  if (name !== 'system' && name !== 'any') return [];
  return [invalidValue('metadata.name', name, '"metadata.name" must not validate the schema (not)')];
}
