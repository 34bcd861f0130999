import type {User} from '../user.ts';
import {covered, quoted} from './covering.ts';
import type {PolicyRule} from './objects.ts';

/** Everything there is: what somebody must hold whose role may come to contain anything. */
export const fullAuthority: readonly PolicyRule[] = [
  {verbs: ['*'], apiGroups: ['*'], resources: ['*']},
  {verbs: ['*'], nonResourceURLs: ['*']},
];

/** What somebody holds in one scope. */
export type Holdings = {
  readonly rules: readonly PolicyRule[];
  /** Roles that are missing, and whose rules may therefore be missing here. */
  readonly errors: readonly string[];
};

/** Why a user may not give these rules to anybody, in Kubernetes' words; undefined when they hold them all (spec kubernetes-api 8.9). */
export function escalation(user: User, {rules, errors}: Holdings, wanted: readonly PolicyRule[]): string | undefined {
  const missing = covered(rules, wanted);
  if (missing === 'all') return undefined;
  const who = `user ${JSON.stringify(user.name)} (groups=${quoted(user.groups)}) is attempting to grant RBAC permissions not currently held:`;
  const lines = missing === 'too many' ? ['there are too many of them to be compared one by one'] : missing;
  const tail = errors.length > 0 ? `; resolution errors: [${errors.join(' ')}]` : '';
  return `${who}\n${lines.join('\n')}${tail}`;
}
