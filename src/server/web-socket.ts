/** What is peculiar to a watch over a WebSocket before it begins (spec kubernetes-api 1.9, 10.1). */
import {ApiError, badRequest, forbidden} from '../api/errors.ts';
import type {HttpReply, HttpRequest} from './http.ts';
import {header, headerValues} from './http.ts';
import {replyError} from './reply.ts';

/** Browsers can set no headers: their token comes as one more subprotocol, in base64url. */
const bearerPrefix = 'base64url.bearer.authorization.k8s.io.';

/**
 * The Authorization header, or what stands for it among the subprotocols of a WebSocket.
 * @throws ApiError Unauthorized for what cannot be a token, for two, and for one without another subprotocol beside it
 */
export function authorizationOf(request: HttpRequest): string | undefined {
  const authorization = header(request.headers, 'authorization');
  if (authorization !== undefined || !request.webSocket) return authorization;
  const offered = subprotocols(request);
  const [token, ...more] = offered.filter(name => name.startsWith(bearerPrefix));
  if (token === undefined) return undefined;
  // A browser fails unless one of its subprotocols is chosen, and a token must not be what is sent back.
  if (more.length > 0 || offered.length === 1) throw unauthorized();
  const encoded = token.slice(bearerPrefix.length);
  const text = Buffer.from(encoded, 'base64url');
  if (text.toString('base64url') !== encoded || !/^[\x21-\x7e]+$/.test(text.toString('latin1'))) throw unauthorized();
  return `Bearer ${text.toString('latin1')}`;
}

const unauthorized = (): ApiError => new ApiError('Unauthorized', 'Unauthorized');

/** Answers a handshake: 101 with the subprotocol that was chosen, or why not. */
export function handshake(request: HttpRequest): HttpReply {
  if (header(request.headers, 'sec-websocket-version') !== '13') {
    const reply = replyError(badRequest('only version 13 of the WebSocket protocol is supported'), false);
    return {...reply, headers: {...reply.headers, 'sec-websocket-version': '13'}};
  }
  if (!/^[+/0-9A-Za-z]{22}==$/.test(header(request.headers, 'sec-websocket-key') ?? ''))
    return refuse(badRequest('a WebSocket needs a Sec-WebSocket-Key of 16 bytes in base64'));
  if (!isOriginFine(request)) return refuse(forbidden({group: '', resource: ''}, '', 'this origin may not use the WebSocket'));
  const [chosen, ...more] = subprotocols(request).filter(name => !name.startsWith(bearerPrefix));
  if (more.length > 0) return refuse(badRequest('a watch over a WebSocket knows no subprotocols: offer one at most'));
  if (chosen === undefined) return {status: 101, headers: {}};
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(chosen)) return refuse(badRequest('the subprotocol of the WebSocket is malformed'));
  return {status: 101, headers: {'sec-websocket-protocol': chosen}};
}

const refuse = (err: ApiError): HttpReply => replyError(err, false);

/** The subprotocols that were offered, in order. */
const subprotocols = ({headers}: HttpRequest): readonly string[] =>
  headerValues(headers, 'sec-websocket-protocol')
    .flatMap(value => value.split(','))
    .map(name => name.trim())
    .filter(name => name !== '');

/**
 * Whether the page that asks, if it is a page, may have what its user may. Kubernetes takes any origin that is a URL. But a browser shows a client
 * certificate without asking the page that it serves: with nothing else to go by, another server's pages would read with their visitor's rights.
 */
function isOriginFine(request: HttpRequest): boolean {
  const origin = header(request.headers, 'origin');
  if (origin === undefined) return true;
  if (!URL.canParse(origin)) return false;
  return request.peer === undefined || new URL(origin).host === hostOf(request);
}

/** As a URL has it: without the port that goes without saying. */
function hostOf({headers}: HttpRequest): string | undefined {
  const url = `https://${header(headers, 'host') ?? ''}`;
  return URL.canParse(url) ? new URL(url).host : undefined;
}
