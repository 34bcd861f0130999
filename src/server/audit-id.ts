import type {Chance} from '../api/world.ts';
import type {HttpRequest} from './http.ts';
import {header} from './http.ts';

const auditIdCharsMax = 64;

/** The name of a request in answers, logs and the audit log: the client's own where it gave a decent one (spec kubernetes-api 10.7). */
export function auditIdOf({headers}: HttpRequest, world: Pick<Chance, 'uid'>): string {
  const given = header(headers, 'audit-id');
  return given && given.length <= auditIdCharsMax && /^[\w.-]+$/.test(given) ? given : world.uid();
}

/** The same request under a name that is certain, for another thread to know it by. */
export function withAuditId(request: HttpRequest, auditId: string): HttpRequest {
  if (header(request.headers, 'audit-id') === auditId) return request;
  const headers = request.headers.filter((_, i, all) => all[i - (i % 2)] !== 'audit-id');
  const {method, target, peer, webSocket = false, remoteAddress} = request;
  return {
    method,
    target,
    headers: [...headers, 'audit-id', auditId],
    peer,
    webSocket,
    remoteAddress,
    body: () => request.body(),
    get signal() {
      return request.signal;
    },
  };
}
