import type {GroupResource} from '../api/errors.ts';
import type {Kind} from '../kinds/kind.ts';
import type {CompiledSchema} from '../schema/compile.ts';
import type {Key, Revision} from '../storage/storage.ts';
import type {KeySpace} from './keys.ts';

/** One kind in one version, ready to serve: what every step of a request works with. Shared by all workspaces that have it. */
export type Resource = {
  readonly kind: Kind;
  /** How error texts name it. */
  readonly gr: GroupResource;
  readonly apiVersion: string;
  readonly space: KeySpace;
  readonly schema: CompiledSchema;
  /** What opens an object of this version, and an item of its lists (`splice` in stored.ts). */
  readonly head: Uint8Array;
  readonly itemHead: Uint8Array;
  /** The version in which objects are stored. */
  readonly storageVersion: string;
  /**
   * Entries newer than this are stored exactly as this version shows them and travel as bytes; older ones, or all when undefined, are parsed,
   * pruned and defaulted by the schema on the way out.
   */
  readonly verbatimAfter: Revision | undefined;
  /** The definition a custom resource hangs on: writes check that it has not changed meanwhile. */
  readonly definition?: {readonly key: Key; readonly revision: Revision};
  /** Writes that create are refused: the definition is being deleted. */
  readonly terminating: boolean;
};

/** `v1`, `apps/v1`. */
export const apiVersionOf = (group: string, version: string): string => (group ? `${group}/${version}` : version);
