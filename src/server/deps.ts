import type {Rule} from '../admission/rule.ts';
import type {Clock, Log, Timers, World} from '../api/world.ts';
import type {TokenTable} from '../auth/authenticate.ts';
import type {Registry} from '../registry/registry.ts';
import type {Storage} from '../storage/storage.ts';
import type {Documents} from './documents.ts';

/** What the server works with. All of it is chosen in `main`. */
export type Deps = {
  readonly store: Storage;
  readonly registry: Registry;
  readonly world: World;
  readonly tokens: TokenTable;
  readonly rules: readonly Rule[];
  readonly documents: Documents;
  readonly log: Log;
};

export type {Clock, Timers};
