import {ApiError} from '../../api/errors.ts';
import type {StatusCause} from '../../api/field-error.ts';
import {pathsOf} from './field-set.ts';
import type {Manager} from './managed-fields.ts';
import type {Conflict} from './ownership.ts';
import {printPath} from './path-element.ts';

/** How many conflicts one answer tells about: there may be one for every field of the object. */
const conflictsMax = 1_000;

type Clash = {readonly owner: string; readonly field: string};

/** The refusal of an apply that would take fields from others (spec kubernetes-api 5.6). */
export function applyConflict(conflicts: readonly Conflict[]): ApiError {
  const clashes = clashesOf(conflicts);
  const causes: StatusCause[] = clashes.map(({owner, field}) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${owner}`,
    field,
  }));
  return new ApiError('Conflict', messageOf(clashes), {causes});
}

/** By owner, then by path. */
function clashesOf(conflicts: readonly Conflict[]): Clash[] {
  const found: Clash[] = [];
  const byOwner = conflicts.map(({owner, fields}) => ({owner: printManager(owner), fields}));
  byOwner.sort((a, b) => (a.owner < b.owner ? -1 : a.owner > b.owner ? 1 : 0));
  for (const {owner, fields} of byOwner) {
    for (const path of pathsOf(fields)) {
      if (found.length >= conflictsMax) return found;
      found.push({owner, field: printPath(path)});
    }
  }
  return found;
}

function messageOf(clashes: readonly Clash[]): string {
  const [first] = clashes;
  if (first && clashes.length === 1) return `Apply failed with 1 conflict: conflict with ${first.owner}: ${first.field}`;
  const lines: string[] = [];
  let owner: string | undefined;
  for (const clash of clashes) {
    if (clash.owner !== owner) lines.push(`conflicts with ${clash.owner}:`);
    owner = clash.owner;
    lines.push(`- ${clash.field}`);
  }
  return `Apply failed with ${clashes.length} conflicts: ${lines.join('\n')}`;
}

function printManager({manager, operation, apiVersion, subresource}: Manager): string {
  const through = subresource ? ` with subresource ${JSON.stringify(subresource)}` : '';
  return `${JSON.stringify(manager)}${through}${operation === 'Update' ? ` using ${apiVersion}` : ''}`;
}
