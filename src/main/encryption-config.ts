/** EncryptionConfiguration of apiserver.config.k8s.io/v1: read and judged as Kubernetes does it, and what it means for the store (decision 0008). */
import {ConfigFields, MalformedConfig} from '../api/config-fields.ts';
import {at, type FieldError, invalidValue, required, summary} from '../api/field-error.ts';
import type {Json} from '../api/json.ts';
import type {SealingKey, SealingPlan} from '../storage/sealing/sealer.ts';
import type {Range} from '../storage/storage.ts';

const apiVersion = 'apiserver.config.k8s.io/v1';
const kind = 'EncryptionConfiguration';

type Key = {readonly name: string; readonly secret: string};
/** A provider of one name, or of none or several, which is refused. */
type Provider = {readonly names: readonly string[]; readonly keys: readonly Key[]};
type Entry = {readonly resources: readonly string[]; readonly providers: readonly Provider[]};

const ours = ['aesgcm', 'identity'];
/** Kubernetes' other providers, and why they are not here. */
const refused: ReadonlyMap<string, string> = new Map([
  ['kms', 'key servers are not supported'],
  ['secretbox', 'its cipher (XSalsa20) is not supported; use aesgcm, whose keys never need to be changed for having been used often here'],
  ['aescbc', 'it does not notice that a value was changed; use aesgcm'],
]);
const providerNames = [...ours, ...refused.keys()];
const keyBytes = [16, 24, 32];

/** @throws Error with a text for people, without any secret, that tells all that is wrong */
export function readEncryptionConfig(value: Json): SealingPlan {
  const top = new ConfigFields(value, '');
  const [version, named] = [top.text('apiVersion'), top.text('kind')];
  if (named !== kind || version !== apiVersion)
    throw new MalformedConfig(`expected an ${kind} of ${apiVersion}, got kind "${named}" of "${version}"`);
  const entries = top.only(top.list('resources').map(readEntry));
  const errors = entries.length === 0 ? [required('resources', 'at least one resources is required')] : entries.flatMap(entryErrors);
  if (errors.length > 0) throw new Error(summary(errors));
  return planOf(entries);
}

const readEntry = (entry: ConfigFields): Entry =>
  entry.only({resources: entry.texts('resources'), providers: entry.list('providers').map(readProvider)});

function readProvider(provider: ConfigFields): Provider {
  const found = providerNames.map(name => ({name, fields: provider.optional(name)})).filter(({fields}) => fields !== undefined);
  provider.end();
  const one = found[0];
  if (found.length !== 1 || one?.name !== 'aesgcm') {
    if (one?.name === 'identity') one.fields?.end();
    return {names: found.map(({name}) => name), keys: []};
  }
  const {fields} = one;
  const keys = (fields as ConfigFields).list('keys').map(key => key.only({name: key.text('name'), secret: key.text('secret')}));
  (fields as ConfigFields).end();
  return {names: ['aesgcm'], keys};
}

function entryErrors({resources, providers}: Entry, i: number): readonly FieldError[] {
  const names = at('resources', i, 'resources');
  const means = at('resources', i, 'providers');
  return [
    ...(resources.length === 0 ? [required(names, `at least one ${names} is required`)] : []),
    ...overlapErrors(resources, names),
    ...resources.flatMap((resource, j) => resourceError(resource, at(names, j)) ?? []),
    ...(providers.length === 0 ? [required(means, `at least one ${means} is required`)] : []),
    ...providers.flatMap((provider, j) => providerErrors(provider, at(means, j))),
  ];
}

type GroupResource = {readonly resource: string; readonly group: string};

function parse(text: string): GroupResource {
  const dot = text.indexOf('.');
  return dot < 0 ? {resource: text, group: ''} : {resource: text.slice(0, dot), group: text.slice(dot + 1)};
}

const isEverything = ({resource, group}: GroupResource): boolean => resource === '*' && group === '*';

function overlapErrors(resources: readonly string[], field: string): readonly FieldError[] {
  const all = resources.map(parse);
  const pairs = all.flatMap((a, i) => all.slice(i + 1).map(b => [a, b] as const));
  const same = ([a, b]: readonly [GroupResource, GroupResource]): boolean => a.resource === b.resource && a.group === b.group;
  const overlap = (pair: readonly [GroupResource, GroupResource]): boolean =>
    !same(pair) && (pair.some(isEverything) || (pair[0].group === pair[1].group && pair.some(({resource}) => resource === '*')));
  return [
    ...(pairs.some(same) ? [invalidValue(field, [...resources], 'the same resource cannot be specified multiple times')] : []),
    ...(pairs.some(overlap)
      ? [
          invalidValue(
            field,
            [...resources],
            "using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked",
          ),
        ]
      : []),
  ];
}

const withoutRest = new Set(['apiserveripinfo', 'serviceipallocations', 'servicenodeportallocations']);

/** What a resource may not be called, and why. */
const badNames: readonly (readonly [(text: string, parsed: GroupResource) => boolean, string])[] = [
  [text => text !== text.toLowerCase(), 'resource name should not contain capital letters'],
  [text => text === '*', "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources"],
  [text => withoutRest.has(text), 'resources which do not have REST API/s cannot be encrypted'],
  [
    (_, {group}) => group === 'events.k8s.io',
    "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in the config file",
  ],
  [(_, {group}) => group === 'extensions', "'extensions' group has been removed and cannot be used for encryption"],
  [(_, {resource, group}) => group === '*' && resource !== '*', 'encrypting the same resource across groups is not supported'],
  // Kubernetes takes anything; it would be about nothing.
  [(_, {resource, group}) => !/^(\*|[a-z0-9-]+)$/.test(resource) || !/^(\*|[a-z0-9.-]*)$/.test(group), 'not the name of a resource'],
];

function resourceError(text: string, field: string): FieldError | undefined {
  const bad = badNames.find(([is]) => is(text, parse(text)));
  return bad && invalidValue(field, text, bad[1]);
}

function providerErrors({names, keys}: Provider, field: string): readonly FieldError[] {
  const [name] = names;
  if (name === undefined)
    return [invalidValue(field, {}, 'provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity')];
  if (names.length > 1)
    return [
      {
        type: 'Invalid',
        field,
        message: 'Invalid value: more than one provider specified in a single element, should split into different list elements',
      },
    ];
  const why = refused.get(name);
  if (why !== undefined) return [{type: 'NotSupported', field: at(field, name), message: `Unsupported value: ${why}`}];
  if (name !== 'aesgcm') return [];
  const list = at(field, name, 'keys');
  return keys.length === 0 ? [required(list, 'at least one keys is required')] : keys.flatMap((key, i) => keyErrors(key, at(list, i)));
}

function keyErrors({name, secret}: Key, field: string): readonly FieldError[] {
  const errors: FieldError[] = name === '' ? [required(at(field, 'name'), 'name is a mandatory field for a key')] : [];
  if (secret === '') return [...errors, required(at(field, 'secret'), 'secret is a mandatory field for a key')];
  const bytes = decode(secret);
  if (!bytes) return [...errors, invalidValue(at(field, 'secret'), 'REDACTED', 'secrets must be base64 encoded')];
  if (keyBytes.includes(bytes.length)) return errors;
  const why = `secret is not of the expected length, got ${bytes.length}, expected one of [${keyBytes.join(' ')}]`;
  return [...errors, invalidValue(at(field, 'secret'), 'REDACTED', why)];
}

/** Base64 as Go takes it: whole, padded, line ends passed over. */
function decode(text: string): Uint8Array | undefined {
  const bare = text.replace(/[\r\n]/g, '');
  const valid = bare.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(bare);
  return valid ? new Uint8Array(Buffer.from(bare, 'base64')) : undefined;
}

function planOf(entries: readonly Entry[]): SealingPlan {
  const rules: SealingPlan['rules'][number][] = [];
  const keys: SealingKey[] = [];
  for (const {resources, providers} of entries) {
    const found = providers.map(provider =>
      provider.keys.map(({name, secret}): SealingKey => ({name, secret: decode(secret) as Uint8Array})),
    );
    keys.push(...found.flat());
    for (const resource of resources) {
      const range = rangeOf(parse(resource));
      const masked = rules.find(earlier => masks(earlier.range, range));
      if (masked) throw new Error(`resource ${JSON.stringify(resource)} is masked by an earlier rule`);
      rules.push({range, with: found[0]?.[0]});
    }
  }
  return {rules, keys};
}

/** Whether an earlier rule leaves a later one nothing. Of two for one resource the first decides, and the keys of both open, as in Kubernetes. */
const masks = (earlier: Range, later: Range): boolean => later.startsWith(earlier) && (later !== earlier || earlier.split('/').length < 4);

/** The keys of a store begin with group and resource (registry/keys.ts). */
function rangeOf({resource, group}: GroupResource): Range {
  if (group === '*') return '/';
  const of = `/${group || 'core'}/`;
  return resource === '*' ? of : `${of}${resource}/`;
}
