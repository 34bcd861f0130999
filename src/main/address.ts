/** Under which names and addresses the server is reached. */
import {isIP} from 'node:net';

/** What the operating system knows of this machine. */
export type Machine = {
  readonly hostname: string;
  /** Addresses of its network interfaces, best first. */
  readonly addresses: readonly string[];
};

type Wanted = {readonly bindAddress: string; readonly shardBaseUrl: string; readonly shardExternalUrl: string};

/** The host that kubeconfigs name: that of the base URL, else the address bound to, else one of the machine, else the loopback. */
export function externalHost(config: Wanted, machine: Machine): string {
  if (config.shardBaseUrl !== '') return hostOf(config.shardBaseUrl);
  const everywhere = ['', '0.0.0.0', '::'].includes(config.bindAddress);
  return everywhere ? (machine.addresses[0] ?? '127.0.0.1') : config.bindAddress;
}

/** `https://host:port`, always with the port. */
export const serverUrl = (host: string, port: number): string => `https://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;

/** Every name that the serving certificate must have. */
export const servingHosts = (config: Wanted, machine: Machine): readonly string[] => [
  machine.hostname,
  externalHost(config, machine),
  ...[config.shardBaseUrl, config.shardExternalUrl].filter(url => url !== '').map(hostOf),
];

const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[|\]$/g, '');
