import type {JsonObject} from '../api/json.ts';
import type {WebhookClient} from '../api/webhooks.ts';
import {child, number, text, texts} from '../kinds/read.ts';
import {readWebhookClient} from '../kinds/webhook-client.ts';
import type {NamedExpression} from './named-expressions.ts';
import {readNamedExpressions} from './named-expressions.ts';
import type {RequestMatch} from './request-rules.ts';
import {readWebhookMatch} from './request-rules.ts';

/** One admission webhook of a configuration, ready to be asked (spec kubernetes-api 9.2). */
export type Hook = {
  /** What errors call it. */
  readonly name: string;
  /** The configuration it stands in. */
  readonly configuration: string;
  readonly client: WebhookClient;
  readonly match: RequestMatch;
  readonly conditions: readonly NamedExpression[];
  /** A webhook that cannot be asked is passed over. */
  readonly ignoresFailure: boolean;
  readonly timeoutMs: number;
  readonly reviewVersion: 'v1' | 'v1beta1';
  /** Is asked again when others change the object after it. */
  readonly reinvoked: boolean;
};

export function readHook(webhook: JsonObject, configuration: string): Hook {
  const versions = texts(webhook, 'admissionReviewVersions');
  return {
    name: text(webhook, 'name'),
    configuration,
    client: readWebhookClient(child(webhook, 'clientConfig')),
    match: readWebhookMatch(webhook),
    conditions: readNamedExpressions(webhook, 'matchConditions'),
    ignoresFailure: text(webhook, 'failurePolicy') === 'Ignore',
    timeoutMs: 1000 * (number(webhook, 'timeoutSeconds') ?? 10),
    reviewVersion: versions.find(version => version === 'v1' || version === 'v1beta1') === 'v1beta1' ? 'v1beta1' : 'v1',
    reinvoked: text(webhook, 'reinvocationPolicy') === 'IfNeeded',
  };
}
