import type {FieldError} from '../../api/field-error.ts';
import {at} from '../../api/field-error.ts';
import type {JsonObject} from '../../api/json.ts';
import type {JsonSchema} from '../../schema/json-schema.ts';
import {kcpKind, listOf, object, string, strings} from '../build.ts';
import type {Kind} from '../kind.ts';
import {child, objects} from '../read.ts';
import {broken} from './rules.ts';

const filled = (description: string): JsonSchema => string(description, {minLength: 1});
const mapping = (what: string): JsonSchema =>
  object(`How the ${what} is found.`, {
    claim: filled(`The claim that is the ${what}; either this or expression.`),
    prefix: string('Put before the value of the claim.'),
    expression: filled(`A CEL expression over claims that gives the ${what}.`),
  });

/** WorkspaceAuthenticationConfiguration (spec kcp 1.2). */
export const workspaceAuthenticationConfiguration: Kind = kcpKind({
  group: 'tenancy.kcp.io',
  version: 'v1alpha1',
  kind: 'WorkspaceAuthenticationConfiguration',
  plural: 'workspaceauthenticationconfigurations',
  description: 'Whose tokens are accepted in workspaces of the types that refer to it, and which users they stand for.',
  fields: {
    spec: object(
      'Whose tokens are accepted.',
      {
        jwt: listOf(
          'Issuers of JSON web tokens.',
          object(
            'One issuer.',
            {
              issuer: object(
                'Who issues the tokens.',
                {
                  url: string('The issuer’s URL, as in the tokens.'),
                  discoveryURL: string('Where its OpenID configuration is, if not below url.'),
                  certificateAuthority: string('Certificates, in PEM, by which it is trusted; those of the system when empty.'),
                  audiences: strings('For whom accepted tokens are meant.', 'An audience.'),
                  audienceMatchPolicy: string('MatchAny when there are several audiences.'),
                },
                {required: ['url']},
              ),
              claimValidationRules: listOf(
                'What tokens must say.',
                object('One rule.', {
                  claim: filled('The claim that must have requiredValue; either this or expression.'),
                  requiredValue: filled('The value the claim must have.'),
                  expression: filled('A CEL expression over claims that must be true.'),
                  message: filled('What the user is told when the expression is false.'),
                }),
              ),
              claimMappings: object('How a token becomes a user.', {
                username: mapping('name'),
                groups: mapping('list of groups'),
                uid: object('How the UID is found.', {
                  claim: filled('The claim that is the UID; either this or expression.'),
                  expression: filled('A CEL expression over claims that gives the UID.'),
                }),
                extra: listOf(
                  'Further facts about the user.',
                  object(
                    'One fact.',
                    {
                      key: string('The name of the fact, with a domain.'),
                      valueExpression: string('A CEL expression over claims that gives its values.'),
                    },
                    {required: ['key', 'valueExpression']},
                  ),
                ),
              }),
              userValidationRules: listOf(
                'What must be true of the resulting user.',
                object(
                  'One rule.',
                  {
                    expression: string('A CEL expression over user that must be true.'),
                    message: string('What the user is told when it is false.'),
                  },
                  {required: ['expression', 'message']},
                ),
              ),
            },
            {required: ['claimMappings', 'issuer']},
          ),
        ),
      },
      {required: ['jwt']},
    ),
  },
  required: ['spec'],
  strategy: {validate: validateIssuers},
});

function validateIssuers(object: JsonObject): FieldError[] {
  return objects(child(object, 'spec'), 'jwt').flatMap((issuer, i) => {
    const path = at('spec.jwt', i);
    const mappings = child(issuer, 'claimMappings');
    return [
      ...objects(issuer, 'claimValidationRules').flatMap((rule, j) => ruleErrors(at(path, 'claimValidationRules', j), rule)),
      ...['username', 'groups'].flatMap(name => mappingErrors(at(path, 'claimMappings', name), child(mappings, name), true)),
      ...mappingErrors(at(path, 'claimMappings', 'uid'), child(mappings, 'uid'), false),
    ];
  });
}

function mappingErrors(path: string, mapping: JsonObject | undefined, must: boolean): FieldError[] {
  if (!mapping) return [];
  const {claim, expression, prefix} = mapping;
  const errors: FieldError[] = [];
  if (must && claim === undefined && expression === undefined) errors.push(broken(path, 'either claim or expression must be specified'));
  if (claim !== undefined && expression !== undefined) errors.push(broken(path, 'claim and expression cannot both be specified'));
  if (prefix !== undefined && claim === undefined) errors.push(broken(path, 'prefix can only be specified when claim is specified'));
  return errors;
}

function ruleErrors(path: string, rule: JsonObject): FieldError[] {
  const [claim, value] = [rule['claim'] !== undefined, rule['requiredValue'] !== undefined];
  const [expression, message] = [rule['expression'] !== undefined, rule['message'] !== undefined];
  const errors = mappingErrors(path, rule, true);
  if (!((expression && !value) || (claim && value)))
    errors.push(broken(path, 'requiredValue can only be specified when claim is specified'));
  if (!((expression && message) || (claim && !message)))
    errors.push(broken(path, 'message can only be specified when expression is specified'));
  return errors;
}
