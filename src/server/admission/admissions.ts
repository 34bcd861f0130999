import type {Admissions} from '../../admission/configurations.ts';
import {admissionsIn, unattended} from '../../admission/configurations.ts';
import type {InWorkspace} from '../exchange.ts';

/** The kinds that rule admission are not subject to it, so that nobody locks himself out (spec kubernetes-api 9.1). */
const exemptGroup = 'admissionregistration.k8s.io';

/** What looks at a write. */
export const admissionsFor = ({resource, deps, workspace}: InWorkspace): Admissions | Promise<Admissions> =>
  resource.gr.group === exemptGroup ? unattended : admissionsIn(deps.store, workspace);
