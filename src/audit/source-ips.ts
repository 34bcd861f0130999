import {isIP} from 'node:net';

/** Addresses that a request names as its way; more are not kept. */
const forwardedMax = 16;

/**
 * Where a request came from, as Kubernetes lists it: what `X-Forwarded-For` and `X-Real-Ip` say, which anybody can, and last the other end of the
 * connection.
 * @param remote empty in process
 */
export function sourceIps(forwardedFor: string | undefined, realIp: string | undefined, remote: string): readonly string[] {
  const found = (forwardedFor ?? '')
    .split(',', forwardedMax)
    .map(part => plain(part.trim()))
    .filter(part => part !== undefined);
  const real = plain(realIp ?? '');
  if (real !== undefined && !found.includes(real)) found.push(real);
  const last = plain(remote);
  if (last !== undefined && found.at(-1) !== last) found.push(last);
  return found;
}

/** An address; one of version 4 that came over version 6 as what it is. */
function plain(text: string): string | undefined {
  const address = /^::ffff:(\d+(\.\d+){3})$/i.exec(text)?.[1] ?? text;
  return isIP(address) ? address.toLowerCase() : undefined;
}
