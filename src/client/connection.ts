import {readFileSync} from 'node:fs';
import {dirname, resolve} from 'node:path';
import {dig, digString} from '../api/json.ts';
import type {Entry, Kubeconfig} from './kubeconfig.ts';
import {KubeconfigError} from './kubeconfig.ts';

/** Everything needed to speak to one server as one user. Certificates and keys are PEM text. */
export type Connection = {
  /** The URL as its owner wrote it, path included, without a slash at the end. */
  readonly server: string;
  readonly ca?: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
  readonly insecureSkipTlsVerify?: boolean;
  readonly tlsServerName?: string;
  /** Headers that say who is calling: authorization and impersonation. */
  readonly headers: {readonly [name: string]: string | readonly string[]};
};

/** What flags may put in place of the kubeconfig's values. */
export type Overrides = {
  readonly user?: string | undefined;
  readonly server?: string | undefined;
  readonly token?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly asUid?: string | undefined;
  readonly certificateAuthority?: string | undefined;
  readonly insecureSkipTlsVerify?: boolean | undefined;
  readonly tlsServerName?: string | undefined;
};

/**
 * The connection that `context` describes. Throws `KubeconfigError` when its cluster or user is missing, a file cannot be read, or
 * the user signs in by a way we do not offer.
 */
export function connectionOf(config: Kubeconfig, context: Entry, overrides: Overrides = {}): Connection {
  const cluster = config.clusters.get(digString(context.body, 'cluster') ?? '');
  const server = overrides.server ?? digString(cluster?.body, 'server');
  if (!server) throw new KubeconfigError(`context "${context.name}" names no cluster with a server`);
  const userName = overrides.user ?? digString(context.body, 'user') ?? '';
  const user = config.users.get(userName);
  if (overrides.user !== undefined && !user) throw new KubeconfigError(`auth info "${userName}" does not exist`);
  if (digString(cluster?.body, 'proxy-url')) throw new KubeconfigError(`cluster "${cluster?.name}" uses proxy-url, which is not supported`);
  return {
    server: server.replace(/\/+$/, ''),
    ...transport(cluster, overrides),
    ...certificates(user),
    headers: {...authorization(user, overrides), ...impersonation(user, overrides)},
  };
}

function transport(cluster: Entry | undefined, overrides: Overrides): Partial<Connection> {
  const ca = overrides.certificateAuthority ? readPem(overrides.certificateAuthority) : dataOrFile(cluster, 'certificate-authority');
  const tlsServerName = overrides.tlsServerName ?? digString(cluster?.body, 'tls-server-name');
  const isInsecure = overrides.insecureSkipTlsVerify ?? dig(cluster?.body, 'insecure-skip-tls-verify') === true;
  return {...(ca !== undefined && {ca}), ...(tlsServerName && {tlsServerName}), ...(isInsecure && {insecureSkipTlsVerify: true})};
}

function certificates(user: Entry | undefined): Partial<Connection> {
  const clientCert = dataOrFile(user, 'client-certificate');
  const clientKey = dataOrFile(user, 'client-key');
  return {...(clientCert !== undefined && {clientCert}), ...(clientKey !== undefined && {clientKey})};
}

function authorization(user: Entry | undefined, overrides: Overrides): {[name: string]: string} {
  const token = overrides.token ?? tokenOf(user);
  if (token) return {authorization: `Bearer ${token}`};
  const username = overrides.username ?? digString(user?.body, 'username');
  const password = overrides.password ?? digString(user?.body, 'password') ?? '';
  if (username) return {authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`};
  for (const way of ['exec', 'auth-provider']) {
    if (dig(user?.body, way) !== undefined)
      throw new KubeconfigError(`user "${user?.name}" signs in by "${way}", which is not supported yet; pass --token`);
  }
  return {};
}

/** As client-go: the file, which is kept fresh by others, goes before the value. */
function tokenOf(user: Entry | undefined): string | undefined {
  const file = digString(user?.body, 'tokenFile');
  if (user && file) return readPem(resolve(dirname(user.file), file)).trim();
  return digString(user?.body, 'token');
}

function impersonation(user: Entry | undefined, overrides: Overrides): {[name: string]: string | readonly string[]} {
  const as = digString(user?.body, 'as');
  const uid = overrides.asUid ?? digString(user?.body, 'as-uid');
  const groups = dig(user?.body, 'as-groups');
  return {
    ...(as && {'impersonate-user': as}),
    ...(uid && {'impersonate-uid': uid}),
    ...(Array.isArray(groups) && groups.length > 0 && {'impersonate-group': groups.map(String)}),
  };
}

/** `<field>-data` in base64 goes before the file named by `<field>`. */
function dataOrFile(entry: Entry | undefined, field: string): string | undefined {
  if (!entry) return undefined;
  const data = digString(entry.body, `${field}-data`);
  if (data) return Buffer.from(data, 'base64').toString('utf8');
  const file = digString(entry.body, field);
  return file ? readPem(resolve(dirname(entry.file), file)) : undefined;
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (err) {
    throw new KubeconfigError(`unable to read ${file}: ${(err as Error).message}`);
  }
}
