import type {WorkspaceId} from '../api/cluster.ts';
import {homeClusterName, isWorkspaceName} from '../api/cluster.ts';
import type {Creator} from './creator.ts';
import {nameInside} from './creator.ts';

/** The type of homes, as the annotation has it. */
export const homeType = {path: 'root', name: 'home'} as const;

/**
 * Where the home of a user is: the same for the same name, everywhere (spec kcp 2.2, 3.8). Service accounts have homes by the names they have abroad, lest
 * those of all workspaces share one. A name that is no segment of a path makes no path: `user:a:b` is a workspace in the home of `a`, so the home of
 * `a:b` goes by its id.
 */
export function homeOf(user: Creator): {readonly id: WorkspaceId; readonly path: string} {
  const name = nameInside(user);
  const id = homeClusterName(name);
  return {id, path: isWorkspaceName(name) ? `user:${name}` : id};
}
