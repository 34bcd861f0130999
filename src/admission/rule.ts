/**
 * The room of rules that go beyond one object by itself: what other objects, the workspace or the user make of a write. A rule may
 * change the object, refuse it, or add to the commit, so that what belongs together is written together.
 */
import type {WorkspaceId} from '../api/cluster.ts';
import type {KubeObject} from '../api/object.ts';
import type {World} from '../api/world.ts';
import type {Authorizer} from '../auth/authorize.ts';
import type {User} from '../auth/user.ts';
import type {Registry} from '../registry/registry.ts';
import type {Resource} from '../registry/resource.ts';
import type {Op, Storage} from '../storage/storage.ts';
import type {StandingExport} from '../tenancy/contents.ts';

export type Write = {
  readonly verb: 'create' | 'update' | 'delete';
  readonly resource: Resource;
  readonly subresource: string | undefined;
  readonly workspace: WorkspaceId;
  readonly user: User;
  /** What will be stored; `mutate` may change it. Of a delete: the object as it is, changed only when it has to stay for its finalizers. */
  readonly object: KubeObject;
  /** The object before an update. */
  readonly old: KubeObject | undefined;
  /** Further operations of the same commit. */
  readonly also: Op[];
  readonly warnings: string[];
};

/** What rules see of the world. */
export type Surroundings = {
  readonly store: Storage;
  readonly registry: Registry;
  readonly world: World;
  readonly settings: Settings;
  readonly authorizer: Authorizer;
};

/** What this server is, as it stands in objects. */
export type Settings = {
  readonly shardName: string;
  /** PEM certificates that verify this server. */
  readonly rootCa: string;
  readonly standing: readonly StandingExport[];
  /** Most objects in one workspace that says nothing of it itself; 0: no limit. */
  readonly objectsMax: number;
};

export type Rule = {
  readonly name: string;
  readonly of: (resource: Resource) => boolean;
  /** Completes the object before it is validated. @throws ApiError to refuse */
  readonly mutate?: (write: Write, around: Surroundings) => Promise<void> | void;
  /** Judges the valid object, and adds to the commit. @throws ApiError to refuse */
  readonly settle?: (write: Write, around: Surroundings) => Promise<void> | void;
};

export type WithRules = Surroundings & {readonly rules: readonly Rule[]};

/** Lets every rule that concerns a write have its say, in their order. */
export async function applyRules(around: WithRules, step: 'mutate' | 'settle', write: Write): Promise<void> {
  for (const rule of around.rules) if (rule.of(write.resource)) await rule[step]?.(write, around);
}
