/** Documents of issuers of tokens, over HTTPS. What they say is believed only as far as their certificate goes. */
import type {IncomingMessage} from 'node:http';
import {request} from 'node:https';
import {isIP} from 'node:net';
import type {Documents, DocumentWish} from '../auth/jwt/ports.ts';
import {addressProblem} from './webhook-addresses.ts';
import {checkedLookup, readAll, statusProblem, told} from './webhooks.ts';

/** As much as all the authorities of the web. Each connection reads it anew. */
const caCharsMax = 256 * 1024;

/**
 * The real thing. Connections are not kept: an issuer is asked once in minutes.
 * `allowPrivate`: loopback and private addresses too. Addresses where clouds hand out credentials are never asked.
 */
export function httpsDocuments({allowPrivate}: {readonly allowPrivate: boolean}): Documents {
  const lookup = checkedLookup(allowPrivate);
  return {
    async get(wish) {
      const end = AbortSignal.timeout(wish.timeoutMs);
      if (wish.certificateAuthority.length > caCharsMax)
        return {problem: `the certificate authority is longer than ${caCharsMax} characters`};
      try {
        const url = new URL(wish.url);
        const host = url.hostname.replace(/^\[|\]$/g, '');
        const problem = isIP(host) === 0 ? undefined : addressProblem(host, allowPrivate);
        if (problem !== undefined) return {problem};
        return await exchange(url, wish, host, lookup, end);
      } catch (err) {
        return {problem: end.aborted ? 'context deadline exceeded' : told(err as Error)};
      }
    },
  };
}

type Answer = Awaited<ReturnType<Documents['get']>>;

/** Rejects where there is no answer. */
async function exchange(
  url: URL,
  {certificateAuthority: ca, bytesMax}: DocumentWish,
  host: string,
  lookup: ReturnType<typeof checkedLookup>,
  signal: AbortSignal,
): Promise<Answer> {
  const {promise, resolve, reject} = Promise.withResolvers<IncomingMessage>();
  const outgoing = request({
    host,
    port: url.port || 443,
    path: `${url.pathname}${url.search}`,
    agent: false,
    lookup,
    signal,
    rejectUnauthorized: true,
    ...(ca !== '' && {ca}),
    headers: {host: url.host, accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'kcp-oidc'},
  });
  outgoing.on('response', resolve).on('error', reject);
  outgoing.end();
  try {
    const response = await promise;
    const problem = statusProblem(response);
    return problem === undefined ? {bytes: await readAll(response, bytesMax)} : {problem};
  } finally {
    outgoing.destroy();
  }
}
