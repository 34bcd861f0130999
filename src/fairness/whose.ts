import {extras} from '../auth/service-account.ts';
import type {User} from '../auth/user.ts';
import {groups} from '../auth/user.ts';

/** Kubernetes' names for kinds of users (spec kubernetes-api 10.8), by which refusals are counted. */
export type FlowSchema = 'service-accounts' | 'global-default' | 'catch-all';

export const priorityLevels: {readonly [schema in FlowSchema]: string} = {
  'service-accounts': 'workload-low',
  'global-default': 'global-default',
  'catch-all': 'catch-all',
};

export function flowSchemaOf(user: User): FlowSchema {
  if (isStranger(user)) return 'catch-all';
  return user.groups.includes(groups.serviceAccounts) ? 'service-accounts' : 'global-default';
}

/** On whose accounts a request is. */
export type Whose = {readonly user: string; readonly workspace: string};

/** All who are nobody share one account, which is of no workspace: so many of them are no more than one, and take nobody's place. */
const strangers: Whose = {user: '', workspace: ''};

/** Users of one workspace have nothing in common with those of the same name in another. */
export function whose(user: User, workspace: string): Whose {
  if (isStranger(user)) return strangers;
  const home = user.extra?.[extras.clusterName]?.[0];
  return {user: home === undefined ? user.name : `${user.name}\n${home}`, workspace};
}

const isStranger = (user: User): boolean => user.groups.includes(groups.unauthenticated);
