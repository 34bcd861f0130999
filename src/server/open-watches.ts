import type {WorkspaceId} from '../api/cluster.ts';
import {root, systemAdmin} from '../api/cluster.ts';
import type {World} from '../api/world.ts';
import {builtInSection, parseKey, rangeOf} from '../registry/keys.ts';
import {logicalClusterRange} from '../registry/logical-clusters.ts';
import {peek} from '../registry/stored.ts';
import type {Event, Range, Storage, Watch} from '../storage/storage.ts';
import {Unavailable} from '../storage/storage.ts';
import {isInactive} from '../tenancy/inactive.ts';
import {policySpaces} from './workspace-policies.ts';

export const openWatchLimits = {
  /** For how long changes are gathered before anybody is asked again. */
  gatherMs: 100,
  /** After a round it takes a few times as long as that took, so that endless changes cannot keep the server busy with it; but no longer than this. */
  gatherMsMax: 500,
  restsPerRound: 3,
  /** Asked in one turn of the event loop. */
  askedPerTurnMax: 64,
  /** Looked at in one turn, asked or not. */
  seenPerTurnMax: 10_000,
  /** Workspaces that are told apart; when more have changed, all have. */
  workspacesMax: 2_000,
} as const;

/** How many changes there have been. */
export type Mark = number;

/** How it was asked whether a request is allowed, and how to ask again: for answers that go on. */
export type Asked = {
  /** Where the service account lives that sent it; undefined of everybody else. */
  readonly home: WorkspaceId | undefined;
  /** From before it was asked. */
  readonly asOf: Mark;
  /** The same question as of now; with `who`, also whether the credentials are still good. Rejects with what it would be refused with. */
  readonly again: (who: boolean) => Promise<void>;
};

/** A watch that goes on, as far as it matters whether it may. */
export type OpenWatch = {
  readonly workspace: WorkspaceId | '*';
  readonly asked: Asked;
  end: () => void;
};

const policyRanges = policySpaces.map(space => rangeOf(space));
/** What tokens of service accounts stand on. */
const accountRanges = ['serviceaccounts', 'secrets'].map(resource => rangeOf({group: '', resource, section: builtInSection}));

/**
 * The watches that are open, and that end when they are no longer allowed (spec kcp 3.9; of roles and bindings Kubernetes itself finds out when a watch is
 * begun anew). A change of who may do what in a workspace has those asked again that watch in it, the silent ones too: soon after it, all changes of the
 * meantime together, and in pieces, as thousands may be concerned. Until then a watch costs a place in a set and no timer.
 */
export class OpenWatches {
  readonly #store: Storage;
  readonly #world: Pick<World, 'after' | 'turn' | 'now'>;
  readonly #open = new Set<OpenWatch>();
  #following: readonly Watch[] | undefined;
  #mark: Mark = 0;
  #gathered = new Changes();
  /** Whether a round is due or under way. */
  #busy = false;

  constructor(store: Storage, world: Pick<World, 'after' | 'turn' | 'now'>) {
    this.#store = store;
    this.#world = world;
  }

  /** To be taken before it is asked whether a watch is allowed. */
  mark(): Mark {
    return this.#mark;
  }

  add(watch: OpenWatch): void {
    this.#follow();
    this.#open.add(watch);
    // Between asking and coming here something has changed, if only somewhere.
    if (watch.asked.asOf !== this.#mark) this.#gather(changes => changes.late.add(watch));
  }

  /** The watch is over, or was never added. */
  remove(watch: OpenWatch): void {
    this.#open.delete(watch);
  }

  /** Begins with the first watch, whose mark is of before. */
  #follow(): void {
    if (this.#following) return;
    this.#mark++;
    const each = (range: Range, note: (changes: Changes, event: Event) => void): Watch =>
      this.#store.watch(range, this.#store.revision(), {
        events: batch => {
          this.#mark++;
          if (this.#open.size > 0) this.#gather(changes => batch.forEach(event => void note(changes, event)));
        },
        ended: why => this.#lost(why),
      });
    this.#following = [
      ...policyRanges.map(range => each(range, (changes, {key}) => changes.in(parseKey(key).workspace))),
      each(logicalClusterRange, (changes, event) => {
        changes.in(parseKey(event.key).workspace);
        if (event.type === 'update' && isInactive(peek(event))) changes.inactive.push(event);
      }),
      ...accountRanges.map(range =>
        each(range, (changes, {type, key}) => {
          if (type !== 'create') changes.homes.add(parseKey(key).workspace);
        }),
      ),
    ];
  }

  /** What has happened meanwhile is not known. */
  #lost(why: Error): void {
    for (const watch of this.#following ?? []) watch.close();
    this.#following = undefined;
    // Of a store that ends, all watches are told.
    if (why instanceof Unavailable) return;
    this.#follow();
    this.#gather(changes => {
      changes.all = true;
    });
  }

  #gather(note: (changes: Changes) => void): void {
    note(this.#gathered);
    if (this.#busy || this.#gathered.none()) return;
    this.#busy = true;
    this.#roundAfter(openWatchLimits.gatherMs);
  }

  #roundAfter(restMs: number): void {
    const {gatherMs, gatherMsMax, restsPerRound} = openWatchLimits;
    this.#world.after(restMs, () => {
      const changes = this.#gathered;
      this.#gathered = new Changes();
      const startedMs = this.#world.now();
      void this.#round(changes).then(() => {
        const tookMs = this.#world.now() - startedMs;
        this.#busy = !this.#gathered.none();
        if (this.#busy) this.#roundAfter(Math.min(Math.max(gatherMs, restsPerRound * tookMs), gatherMsMax));
      });
    });
  }

  async #round(changes: Changes): Promise<void> {
    const {askedPerTurnMax, seenPerTurnMax} = openWatchLimits;
    const everywhere = await this.#someWentInactive(changes.inactive);
    let due: OpenWatch[] = [];
    let seen = 0;
    for (const watch of this.#open) {
      if (everywhere && watch.workspace === '*') this.#end(watch);
      else if (changes.concern(watch)) due.push(watch);
      if (due.length < askedPerTurnMax && ++seen < seenPerTurnMax) continue;
      await Promise.all(due.map(one => this.#ask(one, changes)));
      await this.#world.turn();
      due = [];
      seen = 0;
    }
    await Promise.all(due.map(one => this.#ask(one, changes)));
  }

  /** Who watches all workspaces at once begins anew when one goes inactive, as in kcp (spec kcp 3.9). */
  async #someWentInactive(events: readonly Event[]): Promise<boolean> {
    for (const {key, before} of events) {
      const former = before === undefined ? undefined : await this.#store.get(key, {at: before}).catch(() => undefined);
      if (!former || !isInactive(peek(former))) return true;
    }
    return false;
  }

  async #ask(watch: OpenWatch, changes: Changes): Promise<void> {
    try {
      await watch.asked.again(changes.concernAccount(watch));
    } catch {
      this.#end(watch);
    }
  }

  #end(watch: OpenWatch): void {
    if (this.#open.delete(watch)) watch.end();
  }
}

/** What has changed since the last round. */
class Changes {
  /** Where roles, bindings or the LogicalCluster changed. */
  readonly workspaces = new Set<WorkspaceId>();
  /** Where service accounts or Secrets changed. */
  readonly homes = new Set<WorkspaceId>();
  /** Watches that were allowed before something changed that they were not yet listed for. */
  readonly late = new Set<OpenWatch>();
  /** Updates after which a workspace is inactive. */
  readonly inactive: Event[] = [];
  all = false;

  in(workspace: WorkspaceId): void {
    // These hold for every workspace: what is allowed there, and what exports allow at most.
    if (workspace === systemAdmin || workspace === root) this.all = true;
    else this.workspaces.add(workspace);
    this.all ||= this.workspaces.size > openWatchLimits.workspacesMax;
  }

  none(): boolean {
    return !this.all && this.workspaces.size + this.homes.size + this.late.size === 0;
  }

  concern(watch: OpenWatch): boolean {
    const {workspace} = watch;
    return this.all || (workspace !== '*' && this.workspaces.has(workspace)) || this.late.has(watch) || this.concernAccount(watch);
  }

  /** Whether the service account that watches may be gone, or its token. */
  concernAccount(watch: OpenWatch): boolean {
    const {home} = watch.asked;
    return home !== undefined && (this.homes.has(home) || this.late.has(watch));
  }
}
