import type {User} from '../auth/user.ts';
import {groups} from '../auth/user.ts';
import type {Call} from './call.ts';
import type {Deps} from './deps.ts';
import {answerIn} from './fairness/stream.ts';
import type {Sort, Visit} from './fairness/visit.ts';
import type {HttpReply} from './http.ts';
import type {Place} from './locate.ts';

/**
 * Does the work of a request when it is its turn (spec kubernetes-api 10.8). Before it is known whether the user may do it, as deciding that takes time, too.
 * @throws ApiError TooManyRequests, with a time after which to come again
 */
export function letIn(
  {fairness}: Deps,
  call: Call,
  {user, place}: {readonly user: User; readonly place: Place},
  work: (visit: Visit | undefined) => Promise<HttpReply>,
): Promise<HttpReply> {
  if (!fairness) return work(undefined);
  const sort = sortOf(call);
  const entered = isExempt(user, call)
    ? fairness.exempt(sort)
    : fairness.enter({user, workspace: place.workspace, sort, gone: () => call.request.signal});
  const answered = (visit: Visit): Promise<HttpReply> => answerIn(visit, fairness.time, call.request, work);
  return entered instanceof Promise ? entered.then(answered) : answered(entered);
}

/** As Kubernetes has it; probes are answered however busy the server is, as otherwise it would be ended for it. */
const isExempt = (user: User, {resource, path}: Call): boolean => user.groups.includes(groups.masters) || (!resource && probe.test(path));

const probe = /^\/(healthz|livez|readyz)(\/|$)/;

function sortOf({resource, request}: Call): Sort {
  if (!resource) return request.method === 'GET' || request.method === 'HEAD' ? 'readOnly' : 'mutating';
  if (resource.verb === 'watch') return 'watch';
  return resource.verb === 'get' || resource.verb === 'list' ? 'readOnly' : 'mutating';
}
