import type {JsonObject} from '../api/json.ts';
import type {WebhookClient} from '../api/webhooks.ts';
import {child, text, texts} from './read.ts';
import {readWebhookClient} from './webhook-client.ts';

/** The versions of ConversionReview that we speak. */
export type ReviewVersion = 'v1' | 'v1beta1';

/** Whom a definition has its objects converted by. */
export type WebhookConversion = {readonly client: WebhookClient; readonly reviewVersion: ReviewVersion};

/** Undefined for definitions that rewrite no more than the apiVersion (spec kubernetes-api 6.11). The definition must be valid. */
export function webhookConversionOf(crd: JsonObject): WebhookConversion | undefined {
  const conversion = child(child(crd, 'spec'), 'conversion');
  if (text(conversion, 'strategy') !== 'Webhook') return undefined;
  const webhook = child(conversion, 'webhook');
  const reviewVersion = texts(webhook, 'conversionReviewVersions').find(isKnown) ?? 'v1';
  return {client: readWebhookClient(child(webhook, 'clientConfig')), reviewVersion};
}

const isKnown = (version: string): version is ReviewVersion => version === 'v1' || version === 'v1beta1';
