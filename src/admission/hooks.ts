/** The admission webhooks of workspaces, ready to be asked (spec kubernetes-api 9.2). */
import type {WorkspaceId} from '../api/cluster.ts';
import type {JsonObject} from '../api/json.ts';
import {asJson} from '../api/object.ts';
import type {LabelSelector} from '../api/selectors.ts';
import {selectorFromObject} from '../api/selectors.ts';
import type {WebhookClient} from '../api/webhooks.ts';
import {child, number, objects, text, texts} from '../kinds/read.ts';
import {readWebhookClient} from '../kinds/webhook-client.ts';
import {BoundedCache} from '../registry/bounded-cache.ts';
import {builtInSection, parseKey, rangeOf} from '../registry/keys.ts';
import {peek} from '../registry/stored.ts';
import type {Entry, Key, Storage} from '../storage/storage.ts';
import type {RequestRule} from './request-rules.ts';
import {readRequestRule} from './request-rules.ts';

export const hookLimits = {
  /** Configurations that are read in one go. */
  atOnce: {limit: 200, bytesMax: 1024 * 1024},
  /** What is held of the workspaces that were written to last, by the bytes it was read from. */
  heldBytesMax: 16 * 1024 * 1024,
  /** What a workspace takes at least. */
  overheadBytes: 256,
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

type Held = {readonly hooks: Hooks; readonly bytes: number};

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
  const held = new BoundedCache<WorkspaceId, Held>(hookLimits.heldBytesMax, ({bytes}) => bytes);
  const reading = new Map<WorkspaceId, Promise<Hooks>>();
  const following = new Set<string>();
  const follow = (): void => {
    for (const space of spaces) {
      if (following.has(space.resource)) continue;
      following.add(space.resource);
      store.watch(rangeOf(space), store.revision(), {
        events(batch) {
          for (const {key} of batch) {
            const {workspace} = parseKey(key);
            held.delete(workspace);
            reading.delete(workspace);
          }
        },
        ended() {
          following.delete(space.resource);
          held.clear();
          reading.clear();
        },
      });
    }
  };
  return workspace => {
    if (following.size < spaces.length) follow();
    const found = held.get(workspace);
    if (found) return found.hooks;
    const under = reading.get(workspace);
    if (under) return under;
    const mine = readHooks(store, workspace).then(
      read => {
        // A change meanwhile has taken it out.
        if (reading.get(workspace) === mine) {
          reading.delete(workspace);
          held.set(workspace, read);
        }
        return read.hooks;
      },
      err => {
        if (reading.get(workspace) === mine) reading.delete(workspace);
        throw err;
      },
    );
    reading.set(workspace, mine);
    return mine;
  };
}

async function readHooks(store: Storage, workspace: WorkspaceId): Promise<Held> {
  let bytes: number = hookLimits.overheadBytes;
  const [mutating, validating] = await Promise.all(
    spaces.map(async space => {
      const hooks: Hook[] = [];
      for await (const entry of entriesOf(store, rangeOf(space, workspace))) {
        bytes += entry.value.length;
        hooks.push(...objects(asJson(peek(entry)), 'webhooks').map(readHook));
      }
      return hooks;
    }),
  );
  return {hooks: mutating?.length || validating?.length ? {mutating: mutating ?? [], validating: validating ?? []} : none, bytes};
}

async function* entriesOf(store: Storage, range: ReturnType<typeof rangeOf>): AsyncGenerator<Entry> {
  for (let after: Key | undefined, more = true; more; ) {
    const page = await store.list(range, {...hookLimits.atOnce, ...(after && {after})});
    yield* page.entries;
    after = page.entries.at(-1)?.key;
    more = page.more;
  }
}

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
