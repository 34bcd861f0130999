/**
 * Calling a tenant's server: what conversion and admission share. `main` makes the real one; the port keeps the rest of the house free of sockets,
 * and tests of the network.
 */
import type {WorkspaceId} from './cluster.ts';

/** Where a webhook is, as an object of a tenant says it. */
export type WebhookClient = {
  readonly at: {readonly url: string} | {readonly service: WebhookService};
  /** PEM certificates that its server must be signed by; those of the system when empty. */
  readonly caBundle: string;
};

export type WebhookService = {readonly namespace: string; readonly name: string; readonly path: string; readonly port: number};

export type WebhookCall = {
  readonly client: WebhookClient;
  /** JSON. */
  readonly body: Uint8Array;
  /** On whose account: no workspace gets more than its share of calls. */
  readonly workspace: WorkspaceId;
  /** For everything: waiting for a turn, finding the host, connecting, sending, and the last byte of the answer. */
  readonly timeoutMs: number;
  readonly answerBytesMax: number;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
};

/**
 * The body of a successful answer, or why there is none, in the words of Kubernetes where it has some. It tells nothing of what a server said besides.
 * `transient`: the same call may succeed a moment later, since the connection broke or the server said as much.
 */
export type WebhookAnswer = {readonly bytes: Uint8Array} | {readonly problem: string; readonly transient?: boolean};

export type Webhooks = {
  /** POSTs JSON. Follows no redirects. Never rejects. */
  post(call: WebhookCall): Promise<WebhookAnswer>;
};

/** `Post "https://example.com/convert?timeout=30s": context deadline exceeded`: how Kubernetes tells of a call that came to nothing. */
export const postProblem = (client: WebhookClient, timeoutMs: number, why: string): string =>
  `Post ${JSON.stringify(webhookUrl(client, timeoutMs))}: ${why}`;

/** The URL that is called. The time that the caller has is part of it, as in Kubernetes. */
export function webhookUrl({at}: WebhookClient, timeoutMs: number): string {
  const url = 'url' in at ? at.url : serviceUrl(at.service);
  return `${url}?timeout=${Math.max(1, Math.round(timeoutMs / 1000))}s`;
}

const serviceUrl = ({namespace, name, path, port}: WebhookService): string =>
  `https://${name}.${namespace}.svc:${port}${path.startsWith('/') ? '' : '/'}${path}`;
