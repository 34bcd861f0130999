import {rules} from '../admission/all.ts';
import {ownerReferences} from '../admission/owner-references.ts';
import type {Settings, Surroundings} from '../admission/rule.ts';
import type {Webhooks} from '../api/webhooks.ts';
import type {Log, World} from '../api/world.ts';
import type {Audit} from '../audit/event.ts';
import type {AccountTokenOptions} from '../auth/account-tokens.ts';
import {accountTokens} from '../auth/account-tokens.ts';
import type {TokenLookup, TokenSources} from '../auth/authenticate.ts';
import type {AuthorizerSources} from '../auth/authorize.ts';
import {createAuthorizer} from '../auth/authorize.ts';
import {allControllers} from '../controllers/all.ts';
import {startExpiry} from '../controllers/expired-events.ts';
import {startCompaction} from '../controllers/history.ts';
import {startControllers} from '../controllers/runner.ts';
import type {Fairness} from '../fairness/fairness.ts';
import type {LoopTime} from '../fairness/loop-time.ts';
import {timedAccess, timedStore, timedWebhooks, timedWorld} from '../fairness/timed.ts';
import {contentHash} from '../registry/content-hash.ts';
import {coreReader} from '../registry/core-objects.ts';
import {datedEvents} from '../registry/dated-events.ts';
import {logicalClusterReader} from '../registry/logical-clusters.ts';
import {createRegistry} from '../registry/registry.ts';
import type {About} from '../server/about.ts';
import type {Deps} from '../server/deps.ts';
import type {Elsewhere} from '../server/heavy.ts';
import type {Handler} from '../server/http.ts';
import {OpenWatches} from '../server/open-watches.ts';
import {publishedCache} from '../server/published.ts';
import {apiServer} from '../server/server.ts';
import {inLines} from '../server/webhook-lines.ts';
import {workspacePolicies} from '../server/workspace-policies.ts';
import type {Storage} from '../storage/storage.ts';
import {standingExports} from '../tenancy/root.ts';
import type {Bootstrap} from './bootstrap.ts';
import {bootstrapRoot} from './bootstrap.ts';

export type PlaneOptions = Pick<TokenSources, 'issued' | 'issuedIn' | 'anonymous'> & {
  readonly store: Storage;
  readonly world: World;
  readonly log: Log;
  readonly tokens: TokenLookup;
  readonly accountTokens: Pick<AccountTokenOptions, 'keys' | 'issuers' | 'audiences' | 'secondsMax'>;
  readonly webhooks: Webhooks;
  readonly shardName: string;
  /** Who decides what somebody may; kcp's order, and no webhook, when absent. */
  readonly authorization?: Pick<AuthorizerSources, 'order' | 'openPaths' | 'webhook'>;
  /** PEM certificates that verify this server. */
  readonly rootCa: string;
  /** Whether owners of an object may be named only by those with the rights for what follows. */
  readonly guardsOwnerReferences?: boolean;
  /** Most objects in one workspace; 0: no limit. */
  readonly objectsMax: number;
  readonly about: About;
  readonly observe: Deps['observe'];
  /** Where large requests are answered; here when absent. */
  readonly elsewhere?: Elsewhere;
  /** What anybody may have of the server; everything when absent. */
  readonly fairness?: Fairness;
  /** Of a server over the store of another thread: whose work this one does. */
  readonly time?: LoopTime;
  /** What is recorded of requests; nothing when absent. */
  readonly audit?: Audit | undefined;
  /** Whether users who ask for their home workspace get one. */
  readonly homes: boolean;
  /** Another thread records what is done here. */
  readonly returnsNotes?: boolean;
  /** How long Events are kept after they were last written, in ms; 0 for ever. */
  readonly eventsKeptMs: number;
};

/** A whole control plane without a socket: a function that answers requests, and loops that can be started over it. */
export type Plane = {
  readonly handler: Handler;
  /** Writes what is missing, and starts the loops. */
  start(bootstrap: Bootstrap): Promise<void>;
  /** Ends the loops; the store is the caller's to close. */
  stop(): Promise<void>;
};

export function createPlane(options: PlaneOptions): Plane {
  const {fairness, log} = options;
  const time = fairness?.time ?? options.time;
  const world = fairness ? timedWorld(options.world, fairness) : options.world;
  const {webhook} = options.authorization ?? {};
  const store = datedEvents(time ? timedStore(options.store, time, !fairness) : options.store, world);
  const settings: Settings = {
    shardName: options.shardName,
    rootCa: options.rootCa,
    standing: standingExports(name => contentHash(`standing export ${name}`)),
    objectsMax: options.objectsMax,
  };
  const authorizer = createAuthorizer({
    ...options.authorization,
    webhook: webhook && time ? timedAccess(webhook, time) : webhook,
    policyOf: workspacePolicies(store, world.turn),
    logicalClusterOf: logicalClusterReader(store),
  });
  const around: Surroundings = {store, world, settings, authorizer, registry: createRegistry(store, world.turn)};
  const accounts = accountTokens({...options.accountTokens, world, objects: coreReader(store)});
  const handler = apiServer({
    ...around,
    tokens: options.tokens,
    accounts,
    issued: options.issued,
    issuedIn: options.issuedIn,
    anonymous: options.anonymous,
    rules: options.guardsOwnerReferences ? [...rules, ownerReferences] : rules,
    homes: options.homes,
    about: options.about,
    webhooks: inLines(time ? timedWebhooks(options.webhooks, time) : options.webhooks, world),
    published: publishedCache(),
    openWatches: new OpenWatches(store, world),
    elsewhere: options.elsewhere,
    fairness,
    audit: options.audit,
    returnsNotes: options.returnsNotes,
    log,
    observe: options.observe,
  });
  let stop: () => Promise<void> = async () => {};
  return {
    handler,
    async start(bootstrap) {
      await bootstrapRoot(around, bootstrap);
      const running = startControllers(allControllers(accounts), around, log);
      const endCompaction = startCompaction(store, world, () => running.position(), log);
      const endExpiry = startExpiry(around, options.eventsKeptMs, log);
      stop = async () => {
        endCompaction();
        await Promise.all([running.stop(), endExpiry()]);
      };
    },
    stop: () => stop(),
  };
}
