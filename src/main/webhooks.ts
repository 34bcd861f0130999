/** Webhooks over HTTPS. Whoever names one is not trusted, and neither is who answers. */
import type {LookupAddress} from 'node:dns';
import {lookup, Resolver} from 'node:dns/promises';
import type {IncomingMessage, RequestOptions} from 'node:http';
import {Agent, request} from 'node:https';
import {isIP, type LookupFunction} from 'node:net';
import type {WebhookAnswer, WebhookCall, Webhooks} from '../api/webhooks.ts';
import {postProblem, webhookUrl} from '../api/webhooks.ts';
import {addressProblem} from './webhook-addresses.ts';

const limits = {
  /** Connections kept open for the next call. */
  idlePerHostMax: 2,
  idleMax: 100,
  idleMsMax: 30_000,
  /** Names that are looked up at a time in the way that takes a thread. */
  threadsMax: 2,
  resolveMs: 2_000,
  resolveTries: 2,
  /** As much as all the authorities of the web. Each connection reads it anew. */
  caBundleBytesMax: 256 * 1024,
} as const;

/**
 * The real thing. An address is looked up once, judged, and then connected to, so that a name cannot lead elsewhere between the two.
 * `allowPrivate`: loopback and private addresses too.
 */
export function httpsWebhooks({allowPrivate}: {readonly allowPrivate: boolean}): Webhooks & {readonly close: () => void} {
  const agent = new Agent({
    keepAlive: true,
    maxFreeSockets: limits.idlePerHostMax,
    maxTotalSockets: Number.POSITIVE_INFINITY,
    timeout: limits.idleMsMax,
    maxCachedSessions: limits.idleMax,
    lookup: checkedLookup(allowPrivate),
  });
  return {
    close: () => agent.destroy(),
    post(call) {
      const {at} = call.client;
      const refuse: Refuse = why => ({problem: postProblem(call.client, call.timeoutMs, why)});
      // Nothing that runs here has services.
      if ('service' in at) return Promise.resolve(refuse(`service ${JSON.stringify(at.service.name)} not found`));
      const url = new URL(webhookUrl(call.client, call.timeoutMs));
      const host = url.hostname.replace(/^\[|\]$/g, '');
      if (call.client.caBundle.length > limits.caBundleBytesMax)
        return Promise.resolve(refuse(`the CA bundle is longer than ${limits.caBundleBytesMax} bytes`));
      const problem = isIP(host) === 0 ? undefined : addressProblem(host, allowPrivate);
      if (problem !== undefined) return Promise.resolve(refuse(problem));
      return send(call, url, {agent, host, ...(call.client.caBundle && {ca: call.client.caBundle})}, refuse);
    },
  };
}

/** Looks up only addresses that may be connected to; of a host that has others too, none. @param lookUp where its addresses come from */
export function checkedLookup(allowPrivate: boolean, lookUp = resolver()): LookupFunction {
  return (host, options, callback) => {
    lookUp(host).then(
      found => {
        const problem = found.map(({address}) => addressProblem(address, allowPrivate)).find(each => each !== undefined);
        const [first] = found;
        if (problem !== undefined || !first) callback(new Error(problem ?? noSuchHost(host)), []);
        else if (options.all) callback(null, [...found]);
        else callback(null, first.address, first.family);
      },
      (err: unknown) => callback(err as Error, []),
    );
  };
}

/** How to connect; `request` where that is not by TLS. */
export type Connect = RequestOptions & {readonly request?: typeof request};

export type Refuse = (why: string) => {readonly problem: string};

/** One call: the time is that of the whole of it, however busy the other side seems. */
export async function send(call: WebhookCall, url: URL, connect: Connect, refuse: Refuse): Promise<WebhookAnswer> {
  const end = new AbortController();
  const late = setTimeout(() => end.abort(new Error('context deadline exceeded')), call.timeoutMs);
  const gone = (): void => end.abort(new Error('context canceled'));
  if (call.signal?.aborted) gone();
  else call.signal?.addEventListener('abort', gone);
  const attempt = (agent: RequestOptions['agent']): Promise<WebhookAnswer> => exchange(call, url, {...connect, agent, signal: end.signal});
  try {
    // A connection that was kept may have been closed in this moment.
    return await attempt(connect.agent).catch(err => (err instanceof Stale ? attempt(false) : Promise.reject(err)));
  } catch (err) {
    const why = end.signal.aborted ? (end.signal.reason as Error) : (err as NodeJS.ErrnoException);
    return {...refuse(told(why)), ...('code' in why && why.code === 'ECONNRESET' && {transient: true})};
  } finally {
    clearTimeout(late);
    call.signal?.removeEventListener('abort', gone);
  }
}

class Stale extends Error {}

/** Rejects where there is no answer. */
function exchange(call: WebhookCall, url: URL, {request: by = request, ...connect}: Connect): Promise<WebhookAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = by({
      rejectUnauthorized: true,
      ...connect,
      method: 'POST',
      port: url.port || (url.protocol === 'http:' ? 80 : 443),
      path: `${url.pathname}${url.search}`,
      headers: {
        ...connect.headers,
        host: url.host,
        accept: 'application/json',
        'accept-encoding': 'identity',
        'content-type': 'application/json',
        'content-length': call.body.length,
        'user-agent': 'kcp-webhook',
      },
    });
    outgoing.on('error', (err: NodeJS.ErrnoException) => reject(outgoing.reusedSocket && err.code === 'ECONNRESET' ? new Stale() : err));
    outgoing.on('response', response => {
      const unfit = statusProblem(response);
      const answer =
        unfit === undefined
          ? readAll(response, call.answerBytesMax).then(bytes => ({bytes}))
          : Promise.resolve({problem: unfit, transient: isTransient(response)});
      const close = (): void => void outgoing.destroy();
      answer.then(resolve, reject);
      // What is left of an unfit answer is not waited for.
      answer.then(found => 'problem' in found && close(), close);
    });
    outgoing.end(call.body);
  });
}

/** Why an answer is none, in the words of Kubernetes' clients, and without a word of the server's own. */
export function statusProblem({statusCode = 0, headers}: IncomingMessage): string | undefined {
  if (statusCode === 404) return 'the server could not find the requested resource';
  if (statusCode >= 500) return 'an error on the server ("unknown") has prevented the request from succeeding';
  if (statusCode < 200 || statusCode > 206)
    return `the server responded with the status code ${statusCode} but did not return more information`;
  const encoding = headers['content-encoding'];
  return encoding && encoding !== 'identity' ? `the answer came compressed (${encoding.slice(0, 20)}), which was not asked for` : undefined;
}

/** Whether Kubernetes' clients would ask again. */
const isTransient = ({statusCode, headers}: IncomingMessage): boolean =>
  statusCode === 429 || statusCode === 500 || statusCode === 504 || headers['retry-after'] !== undefined;

/** The whole body. @throws Error when it is longer than it may be */
export async function readAll(response: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const tooLong = new Error(`the answer is longer than ${bytesMax} bytes`);
  if (Number(response.headers['content-length'] ?? 0) > bytesMax) throw tooLong;
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > bytesMax) throw tooLong;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** What Go says for the same, where people know it by that. */
export function told(err: Error & {readonly code?: string; readonly hostname?: string}): string {
  switch (err.code) {
    case 'ECONNREFUSED':
      return 'connect: connection refused';
    case 'ECONNRESET':
      return 'EOF';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return noSuchHost(err.hostname ?? '');
    case 'CERT_HAS_EXPIRED':
      return 'tls: failed to verify certificate: x509: certificate has expired or is not yet valid';
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
    default:
      return err.message;
  }
}

const noSuchHost = (host: string): string => `lookup ${host}: no such host`;

/**
 * Finds the addresses of names: by DNS, and of those it does not know, as other programs of this machine do, which takes a thread for as long as it lasts.
 * Who asks for the same name meanwhile gets the same answer.
 */
function resolver(): (host: string) => Promise<readonly LookupAddress[]> {
  const underWay = new Map<string, Promise<readonly LookupAddress[]>>();
  const lanes: Promise<unknown>[] = Array.from({length: limits.threadsMax}, () => Promise.resolve());
  let turn = 0;
  const inThread = (host: string): Promise<readonly LookupAddress[]> => {
    const lane = turn++ % limits.threadsMax;
    const found = (lanes[lane] as Promise<unknown>).then(() => lookup(host, {all: true}));
    lanes[lane] = found.catch(() => undefined);
    return found;
  };
  const find = async (host: string): Promise<readonly LookupAddress[]> => {
    const dns = new Resolver({timeout: limits.resolveMs, tries: limits.resolveTries});
    const [v4, v6] = await Promise.allSettled([dns.resolve4(host), dns.resolve6(host)]);
    const found = [
      ...(v4.status === 'fulfilled' ? v4.value.map(address => ({address, family: 4})) : []),
      ...(v6.status === 'fulfilled' ? v6.value.map(address => ({address, family: 6})) : []),
    ];
    return found.length > 0 ? found : inThread(host);
  };
  return host => {
    const asked = underWay.get(host) ?? find(host).finally(() => underWay.delete(host));
    underWay.set(host, asked);
    return asked;
  };
}
