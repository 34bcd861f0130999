import type {WorkspaceId} from '../api/cluster.ts';
import {methodNotAllowed} from '../api/errors.ts';
import type {Allowed} from '../auth/authorize.ts';
import type {Call} from './call.ts';
import type {Deps} from './deps.ts';
import {discoveryDocument} from './discovery-documents.ts';
import {health} from './health.ts';
import type {HttpReply} from './http.ts';
import {metricsContentType} from './metrics.ts';
import {openApiDocument} from './openapi-documents.ts';
import {openIdDocument} from './openid-documents.ts';
import {noCache} from './reply.ts';

/** Answers everything that is no resource: discovery, OpenAPI, OpenID, health, version, metrics. */
export async function document(deps: Deps, _allowed: Allowed, call: Call, workspace: WorkspaceId | '*'): Promise<HttpReply> {
  if (call.request.method !== 'GET' && call.request.method !== 'HEAD') throw methodNotAllowed();
  const [first = '', ...rest] = call.target.segments;
  switch (first) {
    case 'api':
    case 'apis':
    case '':
    case 'index.html':
      return (await discoveryDocument(deps, call, workspace)) ?? notFoundText();
    case 'openapi':
      return (await openApiDocument(deps, call, workspace)) ?? notFoundText();
    case '.well-known':
    case 'openid':
      return (await openIdDocument(deps, call.path)) ?? notFoundText();
    case 'version':
      return rest.length > 0 ? notFoundText() : text(200, JSON.stringify(deps.about.version, undefined, 2), 'application/json');
    case 'healthz':
    case 'livez':
    case 'readyz': {
      const answer = health(first, rest.join('/'), call.target.query, deps.about.health[first]);
      return text(answer.status, answer.text);
    }
    case 'metrics':
      if (rest.length > 0) return notFoundText();
      // Metrics are the shard's, not a workspace's (spec kcp 3.2).
      if (call.target.cluster !== undefined) return text(501, 'shard-level endpoint not available at workspace scope\n');
      return text(200, deps.about.metrics(), metricsContentType);
    default:
      return notFoundText();
  }
}

const text = (status: number, body: string, contentType = 'text/plain; charset=utf-8'): HttpReply => ({
  status,
  headers: {'content-type': contentType, 'cache-control': noCache, 'x-content-type-options': 'nosniff'},
  body: Buffer.from(body),
});

const notFoundText = (): HttpReply => text(404, '404 page not found\n');
