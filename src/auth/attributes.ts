import type {WorkspaceId} from '../api/cluster.ts';
import type {JsonObject} from '../api/json.ts';

/** What is to be decided: a verb on a resource, or a method on a path. */
export type Attributes = {
  readonly verb: string;
  /** The workspace concerned, or `*` for all of them. */
  readonly workspace: WorkspaceId | '*';
  readonly resource?: AskedResource;
  readonly path?: string;
};

/** A resource that somebody wants to do something with. An absent name or namespace is as good as an empty one. */
export type AskedResource = {
  readonly group: string;
  readonly plural: string;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  /** Told to webhooks; roles know no versions. */
  readonly version?: string | undefined;
  /** What a list is narrowed to, as it was written: a selector, or the requirements of a review. Told to webhooks. */
  readonly fieldSelector?: string | readonly JsonObject[] | undefined;
  readonly labelSelector?: string | readonly JsonObject[] | undefined;
};

/** What RBAC looks at. Without a resource it is a path that is asked for. */
export type Asked = Pick<Attributes, 'verb' | 'resource' | 'path'>;
