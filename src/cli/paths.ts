import {isWorkspacePath, splitPath} from '../api/cluster.ts';
import {CommandError} from './world.ts';

/** A server URL taken apart: `<base>/clusters/<path>`. */
export type WorkspaceUrl = {readonly base: string; readonly path: string};

const marker = '/clusters/';

/**
 * Undefined when the URL does not point to a workspace. The text is cut, not parsed: host and port stay exactly as their owner
 * wrote them.
 */
export function parseWorkspaceUrl(url: string): WorkspaceUrl | undefined {
  const at = url.indexOf(marker);
  if (at < 0) return undefined;
  const path = /^[^/?#]*/.exec(url.slice(at + marker.length))?.[0] ?? '';
  return isWorkspacePath(path) ? {base: url.slice(0, at), path} : undefined;
}

export const workspaceUrl = (base: string, path: string): string => `${base}${marker}${path}`;

/** What the person typed, as an absolute path; `aboveRoot` is the text for one `..` too many. Throws `CommandError`. */
export function resolvePath(typed: string, current: string | undefined, aboveRoot: string): string {
  const absolute = typed.startsWith(':') ? typed.slice(1) : `${current ?? ''}:${typed}`;
  const steps: string[] = [];
  for (const step of absolute.split(':')) {
    if (step === '..') steps.pop();
    else if (step !== '.') steps.push(step);
    if (step === '..' && steps.length === 0) throw new CommandError(aboveRoot);
  }
  const path = steps.join(':');
  if (!isWorkspacePath(path)) throw new CommandError(`invalid workspace path: ${typed}`);
  return path;
}

/** The last segment. */
export const baseName = (path: string): string => splitPath(path).name;
