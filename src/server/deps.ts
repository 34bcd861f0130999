import type {Rule, Settings} from '../admission/rule.ts';
import type {Webhooks} from '../api/webhooks.ts';
import type {Log, World} from '../api/world.ts';
import type {Audit} from '../audit/event.ts';
import type {TokenSources} from '../auth/authenticate.ts';
import type {Authorizer} from '../auth/authorize.ts';
import type {Fairness} from '../fairness/fairness.ts';
import type {Registry} from '../registry/registry.ts';
import type {Storage} from '../storage/storage.ts';
import type {About} from './about.ts';
import type {Call} from './call.ts';
import type {Elsewhere} from './heavy.ts';
import type {OpenWatches} from './open-watches.ts';
import type {PublishedCache} from './published.ts';

/** What the server works with. All of it is chosen in `main`. */
export type Deps = TokenSources & {
  readonly store: Storage;
  readonly registry: Registry;
  readonly world: World;
  readonly settings: Settings;
  readonly authorizer: Authorizer;
  readonly rules: readonly Rule[];
  /** Whether users who ask for their home workspace get one. */
  readonly homes: boolean;
  readonly about: About;
  readonly webhooks: Webhooks;
  readonly published: PublishedCache;
  readonly openWatches: OpenWatches;
  /** Absent where this thread has to do everything. */
  readonly elsewhere?: Elsewhere | undefined;
  /** Absent where everybody may have as much as they like. */
  readonly fairness?: Fairness | undefined;
  /** Absent where nothing is recorded. */
  readonly audit?: Audit | undefined;
  /** Another thread records what is done here: replies tell it what to note. */
  readonly returnsNotes?: boolean | undefined;
  readonly log: Log;
  /** Told of every answer; `call` is absent when the request was not understood. */
  readonly observe: (call: Call | undefined, status: number, tookMs: number) => void;
};
