import {ApiError} from '../api/errors.ts';
import type {Json} from '../api/json.ts';
import {dig, digString} from '../api/json.ts';
import {asJson} from '../api/object.ts';
import type {Client} from '../client/client.ts';
import {apiBindings} from './session.ts';
import type {World} from './world.ts';

/**
 * Tells on stderr which claims of bound exports the workspace has not answered. Never fails: a workspace is entered
 * whether or not its bindings can be read.
 */
export async function warnOfClaims(client: Client, world: World): Promise<void> {
  try {
    for (const binding of await client.listAll(apiBindings)) {
      for (const claim of listAt(asJson(binding), 'status', 'exportPermissionClaims')) {
        const warning = warningFor(claim, listAt(asJson(binding), 'spec', 'permissionClaims'), binding.metadata.name);
        if (warning) world.err(`Warning: ${warning}\n`);
      }
    }
  } catch (err) {
    if (err instanceof ApiError && (err.reason === 'Forbidden' || err.reason === 'NotFound')) return;
    world.err(`error checking APIBindings: ${(err as Error).message}\n`);
  }
}

function warningFor(claim: Json, answers: readonly Json[], binding: string): string | undefined {
  const claimed = printClaim(claim);
  const answer = answers.findLast(each => printClaim(each) === claimed);
  if (answer === undefined)
    return `claim for ${claimed} exported but not specified on APIBinding ${binding}\nAdd this claim to the APIBinding's Spec.`;
  const state = digString(answer, 'state');
  if (state !== 'Accepted' && state !== 'Rejected')
    return `claim for ${claimed} specified on APIBinding ${binding} but not accepted or rejected.`;
  const [allowed, expected] = [printVerbs(answer), printVerbs(claim)];
  if (allowed === expected) return undefined;
  return `allowed verbs (${allowed}) on claim for ${claimed} on APIBinding ${binding} do not match expected verbs (${expected}).`;
}

/** `configmaps`, `widgets.example.com`, `widgets.example.com:<identity>`. */
function printClaim(claim: Json): string {
  const resource = digString(claim, 'resource') ?? '';
  const group = digString(claim, 'group');
  const identity = digString(claim, 'identityHash');
  return group ? `${resource}.${group}${identity ? `:${identity}` : ''}` : resource;
}

const printVerbs = (claim: Json): string => [...new Set(listAt(claim, 'verbs').map(String))].sort().join(',');

function listAt(from: Json, ...path: readonly string[]): readonly Json[] {
  const found = dig(from, ...path);
  return Array.isArray(found) ? found : [];
}
