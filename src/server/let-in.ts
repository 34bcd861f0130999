import type {User} from '../auth/user.ts';
import {groups} from '../auth/user.ts';
import type {Sort, Visit} from '../fairness/visit.ts';
import type {Call} from './call.ts';
import type {Deps} from './deps.ts';
import type {Place} from './locate.ts';

/**
 * Waits until it is the turn of a request (spec kubernetes-api 10.8), where it has to. Before it is known whether the user may do it, as deciding that takes
 * time, too. Nothing is limited where there is no visit; others are ended by whoever gets them.
 * @throws ApiError TooManyRequests, with a time after which to come again
 */
export function letIn(
  {fairness}: Deps,
  call: Call,
  {user, place}: {readonly user: User; readonly place: Place},
): Visit | Promise<Visit> | undefined {
  if (!fairness) return undefined;
  const sort = sortOf(call);
  if (isExempt(user, call)) return fairness.exempt(sort);
  return fairness.enter({user, workspace: place.workspace, sort, isList: call.resource?.verb === 'list', gone: () => call.request.signal});
}

/** As Kubernetes has it; probes are answered however busy the server is, as otherwise it would be ended for it. */
const isExempt = (user: User, {resource, path}: Call): boolean => user.groups.includes(groups.masters) || (!resource && probe.test(path));

const probe = /^\/(healthz|livez|readyz)(\/|$)/;

function sortOf({resource, request}: Call): Sort {
  if (!resource) return request.method === 'GET' || request.method === 'HEAD' ? 'readOnly' : 'mutating';
  if (resource.verb === 'watch') return 'watch';
  return resource.verb === 'get' || resource.verb === 'list' ? 'readOnly' : 'mutating';
}
