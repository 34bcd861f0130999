import type {GroupResource} from '../api/errors.ts';
import type {CompiledRules} from '../cel/rules/check-rules.ts';
import type {WebhookConversion} from '../kinds/crd-conversion.ts';
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
  /** The rules of the schema in CEL. Built-in kinds have none. */
  readonly rules?: CompiledRules | undefined;
  /** What opens a stored object of this version, and what opens an item of its lists. */
  readonly head: Uint8Array;
  readonly itemHead: Uint8Array;
  /** The version that storage is meant to be in; with it, `status.storedVersions` of the definition grows. */
  readonly storageVersion: string;
  /**
   * Entries of this version newer than this were pruned and defaulted by its present schema, and travel as bytes. All others are
   * brought into shape on the way out.
   */
  readonly verbatimAfter: Revision;
  /** The definition a custom resource hangs on: writes check that it has not changed meanwhile. */
  readonly definition?: {readonly key: Key; readonly revision: Revision};
  /** Present where a webhook alone can bring objects from one version into another. */
  readonly conversion?: Conversion;
  /** Writes that create are refused: the definition is being deleted. */
  readonly terminating: boolean;
};

/** How objects come into other versions; all are written in the storage version then, which need not be served. */
export type Conversion = WebhookConversion & {readonly storage: Shape};

/** What an object is brought into: a version and its schema. */
export type Shape = Pick<Resource, 'apiVersion' | 'schema'>;

/** `v1`, `apps/v1`. */
export const apiVersionOf = (group: string, version: string): string => (group ? `${group}/${version}` : version);

/** What a workspace serves. */
export type WorkspaceKinds = {
  /** What it has without doing anything for it. */
  readonly fixed: readonly Kind[];
  /** What it defines by itself. */
  readonly own: readonly Kind[];
  /** Equal for workspaces that serve the same. */
  readonly hash: string;
  /** The same for groups of which not every workspace serves the same; what all others have has no hash. */
  readonly groups: ReadonlyMap<string, string>;
};
