import type {FieldError} from '../api/field-error.ts';
import {invalidValue} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {ageColumn, fieldColumn, integer, kind, microTime, object, string} from './build.ts';
import type {Kind} from './kind.ts';
import {child, number} from './read.ts';

/** Lease (spec kubernetes-api 8.8). */
export const lease: Kind = kind({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
  description: 'A claim that one of several candidates holds for a while and renews, such as being the leader.',
  fields: {
    spec: object(
      'Who holds the lease and until when.',
      {
        holderIdentity: string('The candidate that holds the lease; empty when nobody does.'),
        leaseDurationSeconds: integer('How long others wait after the last renewal before they take the lease.'),
        acquireTime: microTime('When the holder took the lease.'),
        renewTime: microTime('When the holder last renewed it.'),
        leaseTransitions: integer('How often the holder has changed.'),
        strategy: string('How the next holder is picked, where the server coordinates that.'),
        preferredHolder: string('The candidate that should take over next; only together with strategy.'),
      },
      {default: {}},
    ),
  },
  columns: [fieldColumn('Holder', 'spec', 'holderIdentity'), ageColumn],
  strategy: {createOnUpdate: true, normalize: dropCoordination, validate: validateLease},
});

/** Holders are not picked by the server: what asks for it is not kept, as where Kubernetes has this switched off. */
function dropCoordination(lease: JsonObject): void {
  const spec = child(lease, 'spec');
  delete spec?.['strategy'];
  delete spec?.['preferredHolder'];
}

function validateLease(lease: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const spec = lease['spec'];
  const duration = number(spec, 'leaseDurationSeconds');
  const transitions = number(spec, 'leaseTransitions');
  if (duration !== undefined && duration <= 0) errors.push(invalidValue('spec.leaseDurationSeconds', duration, 'must be greater than 0'));
  if (transitions !== undefined && transitions < 0)
    errors.push(invalidValue('spec.leaseTransitions', transitions, 'must be greater than or equal to 0'));
  return errors;
}
