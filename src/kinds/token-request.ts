import type {FieldError} from '../api/field-error.ts';
import {invalidValue, tooLong} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {dig} from '../api/json.ts';
import {bigInteger, kind, object, string, strings, time} from './build.ts';
import type {Kind} from './kind.ts';
import {child, number, texts} from './read.ts';

const secondsMin = 10 * 60;
const secondsMax = 2 ** 32;
/** Audiences travel in the token, and tokens in a header. */
const audiencesBytesMax = 8 * 1024;

/** TokenRequest, the question and the answer of a ServiceAccount's `/token` (spec kubernetes-api 8.5). */
export const tokenRequest: Kind = kind({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenRequest',
  plural: 'tokenrequests',
  namespaced: true,
  verbs: ['create'],
  description: 'Asks for a token of a service account.',
  fields: {
    spec: object(
      'The wish.',
      {
        audiences: strings('Who will be shown the token, and must find themselves in it; the server itself when empty.', 'An audience.'),
        expirationSeconds: bigInteger('How long the token is to be good, in seconds.', {default: 3600}),
        boundObjectRef: object('The object with which the token ends.', {
          kind: string('Kind of the object: Secret.'),
          apiVersion: string('Version of the object.'),
          name: string('Name of the object.'),
          uid: string('UID of the object, when it must be this very one.'),
        }),
      },
      {default: {}},
    ),
    status: object('The answer.', {
      token: string('The token.'),
      expirationTimestamp: time('When it ends.'),
    }),
  },
  columns: [],
  strategy: {virtual: true, validate: validateRequest},
});

function validateRequest(request: JsonObject): FieldError[] {
  const spec = child(request, 'spec');
  const seconds = number(spec, 'expirationSeconds') ?? 0;
  const refuse = (why: string): FieldError => invalidValue('spec.expirationSeconds', dig(spec, 'expirationSeconds'), why);
  return [
    ...(seconds < secondsMin ? [refuse('may not specify a duration less than 10 minutes')] : []),
    ...(seconds > secondsMax ? [refuse('may not specify a duration larger than 2^32 seconds')] : []),
    ...(JSON.stringify(texts(spec, 'audiences')).length > audiencesBytesMax ? [tooLong('spec.audiences', audiencesBytesMax)] : []),
  ];
}
