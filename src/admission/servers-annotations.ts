import type {KubeObject} from '../api/object.ts';
import {effectiveUsers} from '../auth/effective-users.ts';
import {groups} from '../auth/user.ts';
import {operatorsAnnotations, serversAnnotations} from '../tenancy/names.ts';
import type {Write} from './rule.ts';

/** Puts the server's own annotations back as they were, whatever a client made of them. */
export function keepServersAnnotations({metadata}: KubeObject, old: KubeObject | undefined): void {
  const kept = Object.entries(metadata.annotations ?? {}).filter(([key]) => !serversAnnotations.includes(key));
  const before = Object.entries(old?.metadata.annotations ?? {}).filter(([key]) => serversAnnotations.includes(key));
  metadata.annotations = Object.fromEntries([...kept, ...before]);
}

const operators: readonly string[] = [
  groups.masters,
  groups.kcpAdmin,
  groups.bootstrapper,
  groups.logicalClusterAdmin,
  groups.externalLogicalClusterAdmin,
];

/** The annotation that an update changes and only those may who run the server; undefined when there is none. */
export function operatorsAnnotationChanged({object, old, user, workspace}: Write): string | undefined {
  const [now, before] = [object.metadata.annotations, old?.metadata.annotations];
  const changed = operatorsAnnotations.find(key => now?.[key] !== before?.[key]);
  if (changed === undefined) return undefined;
  return effectiveUsers(user, workspace).some(one => one.groups.some(group => operators.includes(group))) ? undefined : changed;
}
