/** Users of issuers that a tenant configured for a workspace: they are nobody outside of it, and none of the system's own (spec kcp 7.5). */
import type {WorkspaceId} from '../../api/cluster.ts';
import {extras} from '../service-account.ts';
import type {Mapped} from './to-user.ts';

export type WorkspaceTokens = {
  /** Whose a token is in a workspace, or why it logs in nobody there; undefined when no issuer there is known to have made it. Never rejects. */
  identify(token: string, workspace: WorkspaceId): Promise<Mapped | undefined>;
};

/** What a tenant's issuer says, without what it may not say. */
export function withinWorkspace(mapped: Mapped, workspace: WorkspaceId): Mapped {
  if ('why' in mapped) return mapped;
  const {name, uid, groups, extra = {}} = mapped.user;
  if (isOfSystem(name)) return {why: 'oidc: user names that begin with system: are not for issuers of a workspace'};
  const own = Object.entries(extra).filter(([key]) => !plain(key).includes('kcp.io'));
  return {
    user: {
      name,
      ...(uid !== undefined && {uid}),
      groups: groups.filter(group => !isOfSystem(group)),
      extra: Object.fromEntries([...own, [extras.scopes, [`cluster:${workspace}`]], [extras.clusterName, [workspace]]]),
    },
  };
}

const isOfSystem = (name: string): boolean => plain(name).startsWith('system:');

/** As a person would read it: what only looks like a name of the system is refused as well. */
const plain = (text: string): string =>
  text
    .normalize('NFKC')
    .replaceAll(/\p{Default_Ignorable_Code_Point}|\p{Cc}/gu, '')
    .trim()
    .toLowerCase();
