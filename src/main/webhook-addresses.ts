/** Which addresses a tenant may have this server connect to. */
import {BlockList, isIPv4, isIPv6} from 'node:net';

/**
 * What keeps secrets for the machine it runs on, or is no server at all: link-local addresses, where clouds answer with credentials, those of clouds that lie
 * elsewhere, multicast, and tunnels, which may lead to any of these.
 */
const neverV4 = ['169.254.0.0/16', '100.100.100.200/32', '168.63.129.16/32', '192.0.0.0/24', '224.0.0.0/3'];
const neverV6 = ['fe80::/10', 'fd00:ec2::254/128', 'fd20:ce::254/128', 'ff00::/8', '2001::/32', '2002::/16', '64:ff9b:1::/48'];

/** This machine, and the networks around it. */
const privateV4 = ['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '198.18.0.0/15'];
const privateV6 = ['::/128', '::1/128', 'fc00::/7', 'fec0::/10'];

const never = blockList(neverV4, neverV6);
const inPrivate = blockList(privateV4, privateV6);

/** Why an address is not connected to; undefined when it may be. `address` is an IP address in any of its notations. */
export function addressProblem(address: string, allowPrivate: boolean): string | undefined {
  const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined;
  if (!family) return 'not an address';
  // A scope (`fe80::1%eth0`) only says which link.
  const plain = address.split('%')[0] as string;
  if (never.check(plain, family)) return 'webhooks are not called at link-local and other special addresses';
  if (!allowPrivate && inPrivate.check(plain, family))
    return 'webhooks are not called at loopback and private addresses (--webhooks-to-private-addresses)';
  return undefined;
}

/** IPv4 networks count in both families: a BlockList looks through mapped addresses, but not through those of NAT64. */
function blockList(v4: readonly string[], v6: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of v4) {
    const [address, bits] = network.split('/') as [string, string];
    list.addSubnet(address, Number(bits), 'ipv4');
    list.addSubnet(`64:ff9b::${address}`, 96 + Number(bits), 'ipv6');
  }
  for (const network of v6) {
    const [address, bits] = network.split('/') as [string, string];
    list.addSubnet(address, Number(bits), 'ipv6');
  }
  return list;
}
