import {shortDuration} from '../api/age.ts';
import type {JsonObject} from '../api/json.ts';
import {digString} from '../api/json.ts';
import {pathSegment} from '../api/names.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import type {JsonSchema} from '../schema/json-schema.ts';
import {ageColumn, bytes, column, integer, keyedList, kind, mapOf, object, string, strings, time} from './build.ts';
import {approvals, conditionsOf, newRequestErrors, statusErrors} from './csr-validation.ts';
import type {Kind, StatusPart} from './kind.ts';
import {child, number, text} from './read.ts';

const condition: JsonSchema = object(
  'One word about the request.',
  {
    type: string('Approved and Denied, of which a request has one at most, are set by /approval; Failed and others by /status.'),
    status: string('True, False or Unknown; of Approved, Denied and Failed always True.'),
    reason: string('The cause in one word.'),
    message: string('The cause for people.'),
    lastUpdateTime: time('When this was last written.'),
    lastTransitionTime: time('When the status last changed.'),
  },
  {required: ['type', 'status']},
);

/** CertificateSigningRequest (spec kubernetes-api 8.11). Who signs is not this server. */
export const certificateSigningRequest: Kind = kind({
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  shortNames: ['csr'],
  namespaced: false,
  description: 'Asks a signer for a certificate. Somebody approves or denies it, and then the signer puts the certificate into the status.',
  fields: {
    spec: object(
      'What is asked for, and who asks. Cannot change.',
      {
        request: bytes('The request itself: PKCS #10 in a PEM block of the type CERTIFICATE REQUEST.'),
        signerName: string('The signer that is asked, such as example.com/my-signer.'),
        expirationSeconds: integer('How long the certificate should be good; at least 600. Signers may choose otherwise.'),
        usages: strings('What the certificate should be good for, such as client auth.', 'A usage.'),
        username: string('The user who asked; filled in by the server.'),
        uid: string('The uid of that user; filled in by the server.'),
        groups: strings('The groups of that user; filled in by the server.', 'A group.'),
        extra: mapOf('What else is known of that user; filled in by the server.', strings('The values of one key.', 'A value.')),
      },
      {required: ['request', 'signerName']},
    ),
    status: object('What has become of the request.', {
      conditions: keyedList(['type'], 'What has been decided.', condition),
      certificate: bytes('The certificate and those of who signed it, in PEM. Once there, it stays.'),
    }),
  },
  required: ['spec'],
  subresources: {approval: true, status: true},
  columns: [
    ageColumn,
    column('SignerName', 'The signer that is asked.', o => digString(asJson(o), 'spec', 'signerName') || '<none>'),
    column('Requestor', 'The user who asked.', o => digString(asJson(o), 'spec', 'username') ?? ''),
    column('RequestedDuration', 'How long the certificate should be good.', durationCell),
    column('Condition', 'What has become of the request.', conditionCell),
  ],
  strategy: {
    name: pathSegment,
    unconditionalUpdate: true,
    prepareCreate: csr => {
      csr['status'] = {};
    },
    prepareUpdate: keepSpec,
    prepareStatus: keepOtherPart,
    leaves: {'': ['spec', 'status'], status: ['spec', 'status.conditions'], approval: ['spec', 'status.certificate']},
    validateCreate: newRequestErrors,
    validateStatus: statusErrors,
    fields: {'spec.signerName': csr => digString(csr, 'spec', 'signerName') ?? ''},
  },
});

function keepSpec(csr: JsonObject, old: JsonObject): void {
  csr['spec'] = old['spec'] ?? {};
}

/** Approval changes the conditions alone; who writes the status cannot change what was approved or denied. */
function keepOtherPart(csr: JsonObject, old: JsonObject, part: StatusPart): void {
  const status = child(csr, 'status') ?? {};
  const before = child(old, 'status') ?? {};
  csr['status'] = status;
  // A time that is not sent is a wish as well: for a new one, which the server fills in.
  for (const one of conditionsOf(csr)) for (const field of ['lastUpdateTime', 'lastTransitionTime']) one[field] ??= null;
  if (part === 'approval') {
    if (before['certificate'] === undefined) delete status['certificate'];
    else status['certificate'] = before['certificate'];
    return;
  }
  const conditions = status['conditions'];
  if (!Array.isArray(conditions)) return;
  for (const type of approvals) {
    const [now, then] = [placesOf(csr, type), placesOf(old, type)];
    // Where they are more or fewer, validation says so.
    if (now.length !== then.length) continue;
    for (const [i, place] of now.entries()) conditions[place] = conditionsOf(old)[then[i] as number] as JsonObject;
  }
}

const placesOf = (csr: JsonObject, type: string): number[] =>
  conditionsOf(csr).flatMap((one, i) => (text(one, 'type') === type ? [i] : []));

function durationCell(object: KubeObject): string {
  const seconds = number(child(asJson(object), 'spec'), 'expirationSeconds');
  return seconds === undefined ? '<none>' : shortDuration(seconds * 1000);
}

function conditionCell(object: KubeObject): string {
  const csr = asJson(object);
  const types = conditionsOf(csr).map(one => text(one, 'type'));
  const decided = types.includes('Denied') ? 'Denied' : types.includes('Approved') ? 'Approved' : 'Pending';
  const failed = types.includes('Failed') ? ',Failed' : '';
  return `${decided}${failed}${text(child(csr, 'status'), 'certificate') ? ',Issued' : ''}`;
}
