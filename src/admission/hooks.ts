/** The admission webhooks of workspaces, ready to be asked (spec kubernetes-api 9.2). */
import type {WorkspaceId} from '../api/cluster.ts';
import type {JsonObject} from '../api/json.ts';
import {asJson} from '../api/object.ts';
import type {LabelSelector} from '../api/selectors.ts';
import {selectorFromObject} from '../api/selectors.ts';
import type {WebhookClient} from '../api/webhooks.ts';
import {child, number, objects, text, texts} from '../kinds/read.ts';
import {readWebhookClient} from '../kinds/webhook-client.ts';
import {byWorkspace} from '../registry/by-workspace.ts';
import {builtInSection, rangeOf} from '../registry/keys.ts';
import {peek} from '../registry/stored.ts';
import type {Entry, Key, Storage} from '../storage/storage.ts';
import type {RequestRule} from './request-rules.ts';
import {readRequestRule} from './request-rules.ts';

/** Of configurations. */
const limits = {
  atOnce: {limit: 200, bytesMax: 1024 * 1024},
  /** Leaving one out would let requests past it. */
  ofKindMax: Number.POSITIVE_INFINITY,
  heldBytesMax: 16 * 1024 * 1024,
  overheadBytes: 256,
  changesMax: 200,
} as const;

/** One webhook of a configuration. */
export type Hook = {
  /** What errors call it. */
  readonly name: string;
  readonly client: WebhookClient;
  readonly rules: readonly RequestRule[];
  /** Requests by other versions of the same resource are meant as well. */
  readonly equivalent: boolean;
  readonly namespaces: LabelSelector;
  readonly objects: LabelSelector;
  readonly conditions: readonly MatchCondition[];
  /** A webhook that cannot be asked is passed over. */
  readonly ignoresFailure: boolean;
  readonly timeoutMs: number;
  readonly reviewVersion: 'v1' | 'v1beta1';
  /** Is asked again when others change the object after it. */
  readonly reinvoked: boolean;
};

export type MatchCondition = {readonly name: string; readonly expression: string};

/** In the order in which they are asked. */
export type Hooks = {readonly mutating: readonly Hook[]; readonly validating: readonly Hook[]};

const none: Hooks = {mutating: [], validating: []};
const spaceOf = (resource: string) => ({group: 'admissionregistration.k8s.io', resource, section: builtInSection}) as const;
const spaces = [spaceOf('mutatingwebhookconfigurations'), spaceOf('validatingwebhookconfigurations')] as const;

const mutatingRange = rangeOf(spaces[0]);

type Configuration = {readonly mutating: boolean; readonly hooks: readonly Hook[]; readonly bytes: number};
type Configurations = ReadonlyMap<Key, Configuration>;

const known = new WeakMap<Storage, HooksOf>();
type HooksOf = (workspace: WorkspaceId) => Hooks | Promise<Hooks>;

/** The webhooks of a workspace: remembered as long as there is room, and read again after one of its configurations changed. */
export function hooksIn(store: Storage, workspace: WorkspaceId): Hooks | Promise<Hooks> {
  let of = known.get(store);
  if (!of) {
    of = hooksOf(store);
    known.set(store, of);
  }
  return of(workspace);
}

function hooksOf(store: Storage): HooksOf {
  const configurationsOf = byWorkspace({store, spaces, read: readConfiguration, limits, turn: async () => {}});
  const made = new WeakMap<Configurations, Hooks>();
  const hooksFrom = (configurations: Configurations): Hooks => {
    if (configurations.size === 0) return none;
    let hooks = made.get(configurations);
    if (!hooks) {
      const all = [...configurations.values()];
      const of = (mutating: boolean): readonly Hook[] => all.filter(each => each.mutating === mutating).flatMap(each => each.hooks);
      hooks = {mutating: of(true), validating: of(false)};
      made.set(configurations, hooks);
    }
    return hooks;
  };
  return workspace => {
    const configurations = configurationsOf(workspace);
    return configurations instanceof Promise ? configurations.then(hooksFrom) : hooksFrom(configurations);
  };
}

const readConfiguration = (entry: Entry): Configuration => ({
  mutating: entry.key.startsWith(mutatingRange),
  hooks: objects(asJson(peek(entry)), 'webhooks').map(readHook),
  bytes: entry.value.length,
});

function readHook(webhook: JsonObject): Hook {
  const versions = texts(webhook, 'admissionReviewVersions');
  return {
    name: text(webhook, 'name'),
    client: readWebhookClient(child(webhook, 'clientConfig')),
    rules: objects(webhook, 'rules').map(readRequestRule),
    equivalent: text(webhook, 'matchPolicy') !== 'Exact',
    namespaces: selectorFromObject(child(webhook, 'namespaceSelector') ?? {}),
    objects: selectorFromObject(child(webhook, 'objectSelector') ?? {}),
    conditions: objects(webhook, 'matchConditions').map(each => ({name: text(each, 'name'), expression: text(each, 'expression')})),
    ignoresFailure: text(webhook, 'failurePolicy') === 'Ignore',
    timeoutMs: 1000 * (number(webhook, 'timeoutSeconds') ?? 10),
    reviewVersion: versions.find(version => version === 'v1' || version === 'v1beta1') === 'v1beta1' ? 'v1beta1' : 'v1',
    reinvoked: text(webhook, 'reinvocationPolicy') === 'IfNeeded',
  };
}
