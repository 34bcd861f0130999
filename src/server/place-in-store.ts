import {keyOf, rangeOf} from '../registry/keys.ts';
import type {Range} from '../storage/storage.ts';
import type {Exchange} from './exchange.ts';
import type {Selection} from './selection.ts';

/** What a list or watch looks at: all workspaces, one, a namespace, or a single object where the selection says so. */
export function rangeOfCall({workspace, resource, what}: Exchange, selection: Selection): Range {
  if (workspace === '*') return rangeOf(resource.space);
  const namespace = resource.kind.namespaced ? (what.namespace ?? selection.namespace) : undefined;
  const single = selection.name !== undefined && (namespace !== undefined || !resource.kind.namespaced);
  return single ? keyOf(resource.space, workspace, namespace, selection.name as string) : rangeOf(resource.space, workspace, namespace);
}
