import {createHash} from 'node:crypto';
import type {SealingKey, SealingPlan} from './sealer.ts';

/** A key for tests, always the same one of a name. */
export const testKey = (name: string): SealingKey => ({name, secret: createHash('sha256').update(`test key ${name}`).digest()});

/** What lies in a range is sealed with the first key; all of them open. */
export function testPlan(range: string, ...names: readonly [string, ...string[]]): SealingPlan {
  const keys = names.map(testKey);
  return {rules: [{range, with: keys[0]}], keys};
}
