/** Where a webhook is called: shared by admission webhooks and the conversion of custom resources. */
import type {FieldError} from '../api/field-error.ts';
import {at, invalidValue, required} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {dns1035Label, dnsSubdomain} from '../api/names.ts';
import type {WebhookClient} from '../api/webhooks.ts';
import type {JsonSchema} from '../schema/json-schema.ts';
import {bytes, integer, object, string} from './build.ts';
import {parseGoUrl} from './go-url.ts';
import {child, number, text} from './read.ts';

export const webhookClient = (description: string): JsonSchema =>
  object(description, {
    url: string('An https URL; without user, query or fragment. Either this or service.'),
    service: object(
      'A service; either this or url.',
      {
        namespace: string('Namespace of the service.'),
        name: string('Name of the service.'),
        path: string('Path of the webhook in the service.'),
        port: integer('Port of the service.', {default: 443}),
      },
      {required: ['namespace', 'name']},
    ),
    caBundle: bytes('The certificates, in PEM, by which the server is trusted; those of the system when empty.'),
  });

/** What a valid client says. */
export function readWebhookClient(client: JsonObject | undefined): WebhookClient {
  const service = child(client, 'service');
  const {port, path} = {port: number(service, 'port') ?? 443, path: text(service, 'path')};
  return {
    at: service ? {service: {namespace: text(service, 'namespace'), name: text(service, 'name'), path, port}} : {url: text(client, 'url')},
    caBundle: Buffer.from(text(client, 'caBundle'), 'base64').toString(),
  };
}

export function webhookClientErrors(path: string, client: JsonObject | undefined): FieldError[] {
  const service = child(client, 'service');
  const url = client?.['url'];
  const hasUrl = typeof url === 'string';
  if (hasUrl === (service !== undefined)) return [required(path, 'exactly one of url or service is required')];
  return hasUrl ? urlErrors(at(path, 'url'), url) : serviceErrors(at(path, 'service'), service ?? {});
}

const form = '; desired format: https://host[/path]';

function urlErrors(path: string, url: string): FieldError[] {
  const parsed = parseGoUrl(url);
  if (typeof parsed === 'string') return [required(path, `url must be a valid URL: ${parsed}${form}`)];
  const {scheme, user, host, query, fragment} = parsed;
  const errors: FieldError[] = [];
  if (scheme !== 'https') errors.push(invalidValue(path, scheme, `'https' is the only allowed URL scheme${form}`));
  if (!host) errors.push(invalidValue(path, '', `host must be specified${form}`));
  if (user !== undefined) errors.push(invalidValue(path, user, 'user information is not permitted in the URL'));
  if (fragment) errors.push(invalidValue(path, fragment, 'fragments are not permitted in the URL'));
  if (query) errors.push(invalidValue(path, query, 'query parameters are not permitted in the URL'));
  // What Go takes and Node does not could not be called: a port beyond 65535.
  if (errors.length === 0 && !URL.canParse(url))
    errors.push(required(path, `url must be a valid URL: parse ${JSON.stringify(url)}: invalid URL${form}`));
  return errors;
}

function serviceErrors(path: string, service: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  if (!text(service, 'name')) errors.push(required(at(path, 'name')));
  if (!text(service, 'namespace')) errors.push(required(at(path, 'namespace')));
  const port = number(service, 'port') ?? 443;
  if (port < 1 || port > 65_535)
    errors.push(invalidValue(at(path, 'port'), port, 'port is not valid: must be between 1 and 65535, inclusive'));
  return [...errors, ...pathErrors(at(path, 'path'), text(service, 'path'))];
}

function pathErrors(path: string, value: string): FieldError[] {
  if (value === '' || value === '/') return [];
  const refuse = (why: string): FieldError => invalidValue(path, value, why);
  if (value === '//') return [refuse('segment[0] may not be empty')];
  const errors = value.startsWith('/') ? [] : [refuse("must start with a '/'")];
  // Kubernetes takes the first character off in any case.
  const steps = value.slice(1).replace(/\/$/, '').split('/');
  // Only the first bad step is told: each error quotes the whole path.
  for (const [i, step] of steps.entries()) {
    const found = step === '' ? [`segment[${i}] may not be empty`] : dnsSubdomain(step).map(why => `segment[${i}]: ${why}`);
    if (found.length > 0) return [...errors, ...found.map(refuse)];
  }
  return errors;
}

/** The versions of a review that a webhook understands, one of which must be known here. */
export function reviewVersionErrors(path: string, versions: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  versions.forEach((version, i) => {
    if (seen.has(version)) errors.push(invalidValue(at(path, i), version, 'duplicate version'));
    else errors.push(...dns1035Label(version).map(why => invalidValue(at(path, i), version, why)));
    seen.add(version);
  });
  if (!seen.has('v1') && !seen.has('v1beta1')) errors.push(invalidValue(path, [...versions], 'must include at least one of v1, v1beta1'));
  return errors;
}
