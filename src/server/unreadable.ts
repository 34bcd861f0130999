import type {WorkspaceId} from '../api/cluster.ts';
import {ApiError} from '../api/errors.ts';
import {parseKey} from '../registry/keys.ts';
import type {Unreadable} from '../storage/storage.ts';

/**
 * What is said of a stored value that cannot be read, as Kubernetes says it (decision 0008). The store has logged it. Where it lies is told to those alone
 * who asked there: `workspace` is where they did.
 */
export function unreadable({key, why}: Unreadable, workspace: WorkspaceId | '*' | undefined): ApiError {
  const isTheirs = workspace === '*' || workspace === parseKey(key).workspace;
  const message = isTheirs ? `unable to transform key ${JSON.stringify(key)}: ${why}` : 'a stored object cannot be read';
  return new ApiError('InternalError', `Internal error occurred: ${message}`, {causes: [{message}]});
}
