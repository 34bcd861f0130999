import type {Json} from '../api/json.ts';
import {digString} from '../api/json.ts';
import type {Call, Fetch} from './client.ts';
import {parseJson} from './client.ts';
import type {Connection, ExecPlugin} from './connection.ts';
import {KubeconfigError} from './kubeconfig.ts';

/** Starts a program and waits for its end. What it says on stderr is for the person, and passed on as it comes. */
export type RunProgram = (program: Program) => Promise<{readonly code: number; readonly stdout: string}>;
export type Program = {readonly command: string; readonly args: readonly string[]; readonly env: {readonly [name: string]: string}};

/**
 * A fetch that signs in by the connection's exec plugin when the first request is made, and once more when the server no longer
 * knows the credentials. Without a plugin it is what `open` gives. Rejects with `KubeconfigError` when the plugin fails.
 */
export function signIn(connection: Connection, run: RunProgram, open: (connection: Connection) => Fetch): Fetch {
  const {exec} = connection;
  if (!exec) return open(connection);
  const signedIn = async (): Promise<Fetch> => open(withCredentials(connection, await credentialsOf(exec, connection, run)));
  let current: Promise<Fetch> | undefined;
  return async (call: Call) => {
    current ??= signedIn();
    const used = current;
    const reply = await (await used)(call);
    if (reply.status !== 401) return reply;
    // Several requests may be refused at once: the first of them signs in for all.
    if (current === used) current = signedIn();
    return (await current)(call);
  };
}

type Credentials = {readonly token?: string; readonly clientCert?: string; readonly clientKey?: string};

const withCredentials = (connection: Connection, {token, clientCert, clientKey}: Credentials): Connection => ({
  ...connection,
  headers: {...connection.headers, ...(token && {authorization: `Bearer ${token}`})},
  ...(clientCert && clientKey && {clientCert, clientKey}),
});

async function credentialsOf(exec: ExecPlugin, connection: Connection, run: RunProgram): Promise<Credentials> {
  const fail = (why: string): KubeconfigError =>
    new KubeconfigError(`getting credentials: exec: ${exec.command} ${why}${exec.installHint ? `\n\n${exec.installHint}` : ''}`);
  const env = {...exec.env, KUBERNETES_EXEC_INFO: JSON.stringify(execInfo(exec, connection))};
  const {code, stdout} = await run({command: exec.command, args: exec.args, env}).catch((err: Error) => {
    throw fail(`cannot be started: ${err.message}`);
  });
  if (code !== 0) throw fail(`failed with exit code ${code}`);
  const answer = parsed(stdout);
  if (answer === undefined) throw fail('printed something that is not JSON');
  const [token, clientCert, clientKey] = ['token', 'clientCertificateData', 'clientKeyData'].map(field =>
    digString(answer, 'status', field),
  );
  if (!token && !(clientCert && clientKey)) throw fail('printed no token and no certificate');
  return {...(token && {token}), ...(clientCert && {clientCert}), ...(clientKey && {clientKey})};
}

function parsed(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** What the plugin is told, in the form of the API version it speaks. */
function execInfo(exec: ExecPlugin, connection: Connection): object {
  const cluster = {
    server: connection.server,
    ...(connection.ca && {'certificate-authority-data': Buffer.from(connection.ca).toString('base64')}),
    ...(connection.tlsServerName && {'tls-server-name': connection.tlsServerName}),
    ...(connection.insecureSkipTlsVerify && {'insecure-skip-tls-verify': true}),
  };
  return {apiVersion: exec.apiVersion, kind: 'ExecCredential', spec: {interactive: false, ...(exec.provideClusterInfo && {cluster})}};
}
