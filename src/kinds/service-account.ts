import type {JsonObject} from '../api/json.ts';
import {dig} from '../api/json.ts';
import {asJson} from '../api/object.ts';
import {ageColumn, boolean, column, kind, listBy, listOf, object, string} from './build.ts';
import type {Kind} from './kind.ts';
import {list, objects, text} from './read.ts';
import {objectReferenceFields} from './reference.ts';
import {tokenRequest} from './token-request.ts';

/** ServiceAccount (spec kubernetes-api 8.5). */
export const serviceAccount: Kind = kind({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  namespaced: true,
  description: 'An identity for programs. Whoever holds one of its tokens acts as it.',
  fields: {
    secrets: listBy(
      ['name'],
      'Secrets of the same namespace that belong to the account.',
      object('A secret.', objectReferenceFields, {'x-kubernetes-map-type': 'atomic'}),
    ),
    imagePullSecrets: listOf(
      'Secrets of the same namespace to pull images with.',
      object('A secret.', {name: string('Name of the secret.')}, {'x-kubernetes-map-type': 'atomic'}),
    ),
    automountServiceAccountToken: boolean('Whether pods that run as this account get a token mounted; they may decide otherwise.'),
  },
  subresources: {token: tokenRequest},
  columns: [column('Secrets', 'How many secrets are listed.', o => list(asJson(o), 'secrets').length), ageColumn],
  strategy: {returnsDeleted: true, unconditionalUpdate: true, normalize: keepNamesOnly, warnings: mountWarnings},
});

const mountsAnnotation = 'kubernetes.io/enforce-mountable-secrets';

/** Whoever newly asks for what Kubernetes is about to give up is told so. */
function mountWarnings(account: JsonObject, old?: JsonObject): string[] {
  const asks = (one: JsonObject | undefined): boolean => dig(one, 'metadata', 'annotations', mountsAnnotation) !== undefined;
  if (!asks(account) || asks(old)) return [];
  return [
    `metadata.annotations[${mountsAnnotation}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
  ];
}

/** Of the references to secrets only the name means anything, and only it is stored. */
function keepNamesOnly(account: JsonObject): void {
  if (Array.isArray(account['secrets'])) account['secrets'] = objects(account, 'secrets').map(ref => ({name: text(ref, 'name')}));
}
