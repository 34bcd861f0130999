import type {Json, JsonObject} from '../../src/api/json.ts';
import {stringify} from '../../src/api/json.ts';
import {parse} from '../../src/api/parse-json.ts';
import type {WebhookAnswer, WebhookCall, Webhooks} from '../../src/api/webhooks.ts';
import {postProblem} from '../../src/api/webhooks.ts';

/** What a webhook says to a review: JSON, bytes that need not be any, or a problem of the network. */
export type Says = (review: JsonObject, call: WebhookCall) => Json | Uint8Array | {readonly problem: string} | Promise<Json>;

/** A network within a test: webhooks by their URL. */
export type FakeWebhooks = Webhooks & {
  /** From here on, this answers there. */
  at(url: string, says: Says): void;
  /** Every call so far: its URL and its review. */
  readonly calls: readonly {readonly url: string; readonly review: JsonObject}[];
};

export function fakeWebhooks(): FakeWebhooks {
  const servers = new Map<string, Says>();
  const calls: {url: string; review: JsonObject}[] = [];
  return {
    calls,
    at: (url, says) => void servers.set(url, says),
    async post(call): Promise<WebhookAnswer> {
      const {at} = call.client;
      const url = 'url' in at ? at.url : `service ${at.service.name}`;
      const says = servers.get(url);
      if (!says) return {problem: postProblem(call.client, call.timeoutMs, 'connect: connection refused')};
      const review = parse(Buffer.from(call.body).toString()) as JsonObject;
      calls.push({url, review});
      const said = await says(review, call);
      if (said instanceof Uint8Array) return {bytes: said};
      if (typeof said === 'object' && said !== null && 'problem' in said) return {problem: String(said['problem'])};
      return {bytes: Buffer.from(stringify(said as Json))};
    },
  };
}
