/** The webhook that authorizes, where a kubeconfig says that it is. The operator wrote that file: whatever address it names is called. */
import type {Agent as PlainAgent} from 'node:http';
import {Agent} from 'node:https';
import type {Webhooks} from '../api/webhooks.ts';
import {postProblem, webhookUrl} from '../api/webhooks.ts';
import type {Clock, Log, World} from '../api/world.ts';
import type {AccessWebhook, ReviewVersion} from '../auth/access-review.ts';
import {reviewVersions} from '../auth/access-review.ts';
import {type Connection, connectionOf} from '../client/connection.ts';
import {loadKubeconfig} from '../client/kubeconfig.ts';
import {accessWebhook} from '../server/access-webhook.ts';
import type {Config} from './flags.ts';
import type {Connect, Refuse} from './webhooks.ts';
import {send} from './webhooks.ts';

const limits = {
  /** Files that the kubeconfig names are renewed by others: they are read again after so long. */
  rereadMs: 60_000,
  idlePerHostMax: 16,
  idleMsMax: 30_000,
} as const;

type Flags = Pick<
  Config,
  | 'authorizationOrder'
  | 'authorizationWebhookConfigFile'
  | 'authorizationWebhookVersion'
  | 'authorizationWebhookCacheAuthorizedTtl'
  | 'authorizationWebhookCacheUnauthorizedTtl'
>;

export type AuthorizationWebhook = AccessWebhook & {readonly close: () => void};

/** As it was configured; undefined when it was not. @throws Error with a text for people */
export function authorizationWebhook(flags: Flags, world: World, log: Log): AuthorizationWebhook | undefined {
  const file = flags.authorizationWebhookConfigFile;
  if (file === '') return undefined;
  const [v1, v1beta1] = reviewVersions.map(version => JSON.stringify(version));
  const version = flags.authorizationWebhookVersion;
  if (!reviewVersions.some(known => known === version))
    throw new Error(`unsupported webhook authorizer version ${JSON.stringify(version)}, supported versions are ${v1}, ${v1beta1}`);
  const first = read(file);
  if (!flags.authorizationOrder.includes('Webhook')) {
    log.warn('the authorization webhook is not in --authorization-order, and is never asked');
    return undefined;
  }
  const webhooks = trustedWebhook(file, first, world, log);
  const asking = accessWebhook({
    webhooks,
    url: first.server,
    version: version as ReviewVersion,
    allowedMs: flags.authorizationWebhookCacheAuthorizedTtl,
    otherMs: flags.authorizationWebhookCacheUnauthorizedTtl,
    world,
    log,
  });
  return {...asking, close: webhooks.close};
}

function read(file: string): Connection {
  try {
    const config = loadKubeconfig({flag: file, home: '/', cwd: '/'});
    const context = config.contexts.get(config.currentContext);
    if (!context) throw new Error(`it has no context ${JSON.stringify(config.currentContext)}, its current-context`);
    const connection = connectionOf(config, context);
    if (connection.exec) throw new Error('credentials by exec are not supported here');
    return connection;
  } catch (err) {
    throw new Error(`--authorization-webhook-config-file: ${(err as Error).message}`);
  }
}

type Line = Pick<Connect, 'request'> & {readonly connection: Connection; readonly text: string; readonly agent: Agent | PlainAgent};

/** POSTs to that server alone, as whoever the file says we are. */
function trustedWebhook(file: string, first: Connection, clock: Clock, log: Log): Webhooks & {readonly close: () => void} {
  let line = lineTo(first);
  let readAtMs = clock.now();
  const renew = (): void => {
    if (clock.now() - readAtMs < limits.rereadMs) return;
    readAtMs = clock.now();
    try {
      const next = lineTo({...read(file), server: first.server});
      if (next.text === line.text) return;
      // What is under way goes on.
      line = next;
    } catch (err) {
      log.error('the file of the authorization webhook is unfit, and what it was before goes on', {why: (err as Error).message});
    }
  };
  return {
    close: () => line.agent.destroy(),
    post(call) {
      renew();
      const {connection, agent, request} = line;
      const url = new URL(webhookUrl(call.client, call.timeoutMs));
      const refuse: Refuse = why => ({problem: postProblem(call.client, call.timeoutMs, why)});
      const headers = Object.fromEntries(Object.entries(connection.headers).map(([name, value]) => [name, value as string]));
      const host = url.hostname.replace(/^\[|\]$/g, '');
      return send(call, url, {agent, host, headers, ...(request && {request}), ...tlsOf(connection)}, refuse);
    },
  };
}

const tlsOf = ({ca, clientCert, clientKey, insecureSkipTlsVerify, tlsServerName}: Connection): object => ({
  ...(ca !== undefined && {ca}),
  ...(clientCert !== undefined && {cert: clientCert}),
  ...(clientKey !== undefined && {key: clientKey}),
  ...(tlsServerName !== undefined && {servername: tlsServerName}),
  ...(insecureSkipTlsVerify && {rejectUnauthorized: false}),
});

function lineTo(connection: Connection): Line {
  const options = {keepAlive: true, maxFreeSockets: limits.idlePerHostMax, timeout: limits.idleMsMax};
  const text = JSON.stringify(connection);
  if (connection.server.startsWith('https:')) return {connection, text, agent: new Agent(options)};
  // An import would cost every start some forty milliseconds.
  const http = process.getBuiltinModule('node:http');
  return {connection, text, agent: new http.Agent(options), request: http.request};
}
