/**
 * The room of kinds: every built-in kind is a value in a file of its own, and a CustomResourceDefinition becomes the same
 * value while the server runs. Discovery, OpenAPI, validation, defaulting, tables and patches are computed from it.
 */
import type {FieldError} from '../api/field-error.ts';
import type {Json, JsonObject} from '../api/json.ts';
import type {Check} from '../api/names.ts';
import type {KubeObject} from '../api/object.ts';
import type {JsonSchema} from '../schema/json-schema.ts';

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

export type KindNames = {
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
};

/** A column of the table that kubectl prints (spec kubernetes-api 4.6, 8.14). */
export type Column = {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format: string;
  readonly description: string;
  /** 0 is always shown, more only with `-o wide`. */
  readonly priority: number;
  /** The cell of one object; `now` in ms, for ages. */
  readonly cell: (object: KubeObject, now: number) => Json;
};

/** Where a scale subresource finds its numbers: dotted paths that start with `.` (spec kubernetes-api 6.8). */
export type ScalePaths = {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  readonly labelSelectorPath?: string;
};

export type Subresources = {
  /** PUT and PATCH of `/status` write the status alone, of the object all but the status. */
  readonly status?: true;
  /** CertificateSigningRequest's `/approval`: a part of the status. */
  readonly approval?: true;
  readonly scale?: ScalePaths;
  /** Namespace's `/finalize`. */
  readonly finalize?: true;
  /** ServiceAccount's `/token`, which takes and gives a kind of its own. */
  readonly token?: Kind;
};

/** Endpoints that write the status, or a part of it. */
export type StatusPart = 'status' | 'approval';

export const isStatusPart = (subresource: string | undefined): subresource is StatusPart =>
  subresource === 'status' || subresource === 'approval';

/**
 * What is peculiar to a kind. Kinds with a status subresource need say nothing of their status here: writes to the main endpoint
 * leave it alone, and new objects have none but what `prepareCreate` gives them. All functions are pure but for the object they are
 * told to change.
 */
export type Strategy = {
  /** The grammar of `metadata.name`; a DNS subdomain when absent. */
  readonly name?: Check;
  /** PUT of something missing creates it (spec kubernetes-api 3.3). */
  readonly createOnUpdate?: true;
  /** PUT without a resourceVersion overwrites; otherwise it is refused. */
  readonly unconditionalUpdate?: true;
  /** DELETE answers with the object instead of a Status. */
  readonly returnsDeleted?: true;
  /**
   * `metadata.generation` counts the changes of these top-level fields; 'all' means everything but metadata, and but the status
   * where a status subresource guards it.
   */
  readonly generation?: readonly string[] | 'all';
  /** Brings what was written into stored shape before it is validated: defaults that depend on other fields, write-only fields. */
  readonly normalize?: (object: JsonObject) => void;
  /** Last changes to a new object, after `normalize`: a fixed status, finalizers. */
  readonly prepareCreate?: (object: JsonObject) => void;
  /** Last changes to an update by the main endpoint: what clients cannot change is taken from `old`. */
  readonly prepareUpdate?: (object: JsonObject, old: JsonObject) => void;
  /** The same for updates by a part of the status: what of the status belongs to another part is taken from `old`. */
  readonly prepareStatus?: (object: JsonObject, old: JsonObject, part: StatusPart) => void;
  /**
   * What endpoints leave as they are, whatever is sent, as dotted paths; '' is the main one. Where nothing is said: the status, and all but
   * the status. Nobody comes to own these fields by that endpoint (spec kubernetes-api 5.5).
   */
  readonly leaves?: {readonly [subresource in '' | StatusPart]?: readonly string[]};
  /** Everything the schema cannot say; paths from the root (`data[key]`). Not metadata, which all kinds share. */
  readonly validate?: (object: JsonObject) => FieldError[];
  /** Validating this one takes more than a few milliseconds: it is for a thread that nobody waits for. */
  readonly takesLong?: (object: JsonObject) => boolean;
  /** In addition on creation: what is asked of new objects only. */
  readonly validateCreate?: (object: JsonObject) => FieldError[];
  /** In addition on updates of the main endpoint: immutable fields. */
  readonly validateUpdate?: (object: JsonObject, old: JsonObject) => FieldError[];
  /** On writes of a part of the status, instead of `validateUpdate`. */
  readonly validateStatus?: (object: JsonObject, old: JsonObject, part: StatusPart) => FieldError[];
  /** What clients are told of an object that is taken all the same: a new one, or one that was `old`. */
  readonly warnings?: (object: JsonObject, old?: JsonObject) => string[];
  /** Field selectors beyond metadata.name and metadata.namespace, by name; each gives the value to compare. */
  readonly fields?: {readonly [name: string]: (object: JsonObject) => string};
  /** Kinds that are answered and never stored (reviews). */
  readonly virtual?: true;
};

/** How a kind that is stored as another one is shown: both change the object they are given, apiVersion and kind included. */
export type View = {
  readonly group: string;
  readonly version: string;
  readonly toStored: (object: JsonObject) => void;
  readonly fromStored: (object: JsonObject) => void;
};

export type Kind = {
  readonly group: string;
  readonly version: string;
  readonly names: KindNames;
  readonly namespaced: boolean;
  readonly verbs: readonly Verb[];
  /** The object without apiVersion, kind and metadata, which all kinds share. */
  readonly schema: JsonSchema;
  readonly subresources: Subresources;
  /** Without the leading Name column, which all kinds share. */
  readonly columns: readonly Column[];
  readonly strategy: Strategy;
  /**
   * True of kinds made from a CustomResourceDefinition. Clients see the difference: list items carry their kind, types are checked
   * by validation (422) and not while decoding (400), strategic merge is not offered, unknown names have other texts.
   */
  readonly custom: boolean;
  /** Stored as the kind of the same plural name in another group, such as events of events.k8s.io. */
  readonly view?: View;
  /** Custom kinds only: the JSON paths that field selectors may name, without the leading dot. */
  readonly selectable?: readonly string[];
  /** Custom kinds only: the warning of a deprecated version. */
  readonly deprecation?: string;
};

export const allVerbs: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
/** The same in the order in which discovery shows them for custom resources (spec kubernetes-api 7.1.3). */
export const customVerbs: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
