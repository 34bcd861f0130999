import {readFileSync} from 'node:fs';
import {dirname, resolve} from 'node:path';
import type {Json} from '../api/json.ts';
import {dig, digString, isObject} from '../api/json.ts';
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
  /** Signs in at the first request (see `signIn`); absent when the kubeconfig holds the credentials itself. */
  readonly exec?: ExecPlugin;
};

/** A program that prints credentials, as kubeconfig's `exec` describes it. */
export type ExecPlugin = {
  /** A path when it holds a slash, otherwise a name to be found in $PATH. */
  readonly command: string;
  readonly args: readonly string[];
  readonly env: {readonly [name: string]: string};
  readonly apiVersion: string;
  readonly provideClusterInfo: boolean;
  readonly installHint: string;
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
 * the cluster or user asks for something that is not supported.
 */
export function connectionOf(config: Kubeconfig, context: Entry, overrides: Overrides = {}): Connection {
  const cluster = config.clusters.get(digString(context.body, 'cluster') ?? '');
  const server = overrides.server ?? digString(cluster?.body, 'server');
  if (!server) throw new KubeconfigError(`context "${context.name}" names no cluster with a server`);
  if (!/^https?:\/\//.test(server) || !URL.canParse(server))
    throw new KubeconfigError(`not the URL of a server: ${JSON.stringify(server)}`);
  const userName = overrides.user ?? digString(context.body, 'user') ?? '';
  const user = config.users.get(userName);
  if (overrides.user !== undefined && !user) throw new KubeconfigError(`auth info "${userName}" does not exist`);
  if (digString(cluster?.body, 'proxy-url')) throw new KubeconfigError(`cluster "${cluster?.name}" uses proxy-url, which is not supported`);
  const headers: IdentityHeaders = {...authorization(user, overrides), ...impersonation(user, overrides)};
  const exec = headers.authorization === undefined ? execPlugin(user) : undefined;
  return {server: server.replace(/\/+$/, ''), ...transport(cluster, overrides), ...certificates(user), headers, ...(exec && {exec})};
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

type IdentityHeaders = {[name: string]: string | readonly string[]; authorization?: string};

function authorization(user: Entry | undefined, overrides: Overrides): {authorization?: string} {
  const token = overrides.token ?? tokenOf(user);
  if (token) return {authorization: `Bearer ${token}`};
  const username = overrides.username ?? digString(user?.body, 'username');
  const password = overrides.password ?? digString(user?.body, 'password') ?? '';
  if (username) return {authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`};
  if (dig(user?.body, 'auth-provider') !== undefined)
    throw new KubeconfigError(`user "${user?.name}" signs in by an auth-provider, which no client supports any more; use exec or --token`);
  return {};
}

function execPlugin(user: Entry | undefined): ExecPlugin | undefined {
  const exec = dig(user?.body, 'exec');
  if (!user || !isObject(exec)) return undefined;
  const command = digString(exec, 'command') ?? '';
  return {
    command: command.includes('/') ? resolve(dirname(user.file), command) : command,
    args: listOf(exec, 'args').map(String),
    env: Object.fromEntries(listOf(exec, 'env').map(each => [digString(each, 'name') ?? '', digString(each, 'value') ?? ''])),
    apiVersion: digString(exec, 'apiVersion') ?? '',
    provideClusterInfo: dig(exec, 'provideClusterInfo') === true,
    installHint: digString(exec, 'installHint') ?? '',
  };
}

function listOf(from: Json | undefined, key: string): readonly Json[] {
  const found = dig(from, key);
  return Array.isArray(found) ? found : [];
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
  const groups = listOf(user?.body, 'as-groups');
  return {
    ...(as && {'impersonate-user': as}),
    ...(uid && {'impersonate-uid': uid}),
    ...(groups.length > 0 && {'impersonate-group': groups.map(String)}),
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
