/**
 * The room of identities and permissions: who you are, what you may, and why. Every door of the server comes through here, so that
 * there is no second path that skipped a check.
 */
export type User = {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: {readonly [key: string]: readonly string[]};
};

export const groups = {
  masters: 'system:masters',
  kcpAdmin: 'system:kcp:admin',
  /** kcp's own hands at work in new workspaces. */
  bootstrapper: 'system:kcp:tenancy:workspace-bootstrapper',
  /** What shards are among each other. */
  logicalClusterAdmin: 'system:kcp:logical-cluster-admin',
  externalLogicalClusterAdmin: 'system:kcp:external-logical-cluster-admin',
  authenticated: 'system:authenticated',
  unauthenticated: 'system:unauthenticated',
  serviceAccounts: 'system:serviceaccounts',
} as const;

export const anonymous: User = {name: 'system:anonymous', groups: [groups.unauthenticated]};

/** The server's own hands: controllers and bootstrap. */
export const serverItself: User = {name: 'system:apiserver', groups: [groups.masters, groups.authenticated]};
