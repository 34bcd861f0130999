import type {WorkspaceId} from '../api/cluster.ts';
import type {User} from './user.ts';
import {groups} from './user.ts';

/** One ServiceAccount, as its tokens name it. */
export type ServiceAccount = {
  readonly workspace: WorkspaceId;
  readonly namespace: string;
  readonly name: string;
  /** Tells it from an earlier one of the same name. */
  readonly uid: string;
};

/** Facts about users, by the keys of `User.extra`. Only those who authenticate set them (spec kcp 7.2, 7.3). */
export const extras = {
  clusterName: 'authentication.kcp.io/cluster-name',
  scopes: 'authentication.kcp.io/scopes',
  /** In whose name a user may act besides (spec kcp 7.4). */
  warrant: 'authorization.kcp.io/warrant',
  credentialId: 'authentication.kubernetes.io/credential-id',
} as const;

/** `system:serviceaccount:default:builder`. */
export const accountUserName = (namespace: string, name: string): string => `system:serviceaccount:${namespace}:${name}`;

/** Whom a token of the account logs in; `tokenId` is the token's own id, where it has one (spec kubernetes-api 10.2, kcp 7.2). */
export const accountUser = ({workspace, namespace, name, uid}: ServiceAccount, tokenId: string | undefined): User => ({
  name: accountUserName(namespace, name),
  uid,
  groups: [groups.serviceAccounts, `${groups.serviceAccounts}:${namespace}`, groups.authenticated],
  extra: {
    [extras.clusterName]: [workspace],
    [extras.scopes]: [`cluster:${workspace}`],
    ...(tokenId !== undefined && {[extras.credentialId]: [`JTI=${tokenId}`]}),
  },
});

/** The workspace a service account lives in; undefined of everybody else. */
export const homeOf = (user: User): WorkspaceId | undefined =>
  user.groups.includes(groups.serviceAccounts) ? (user.extra?.[extras.clusterName]?.[0] as WorkspaceId | undefined) : undefined;
