import type {WorkspaceId} from '../api/cluster.ts';
import {ApiError} from '../api/errors.ts';
import type {AccountTokens, Verdict} from './account-tokens.ts';
import type {AnonymousConfig} from './jwt/config.ts';
import type {IssuedTokens} from './jwt/issued-tokens.ts';
import type {WorkspaceTokens} from './jwt/workspace-user.ts';
import type {User} from './user.ts';
import {anonymous, groups} from './user.ts';

export type Credentials = {
  /** The Authorization header. */
  readonly authorization: string | undefined;
  /** What a client certificate says that was verified against the client CA; nothing else counts. */
  readonly peer: {readonly commonName: string; readonly organizations: readonly string[]; readonly uid?: string} | undefined;
  /** What is asked for, within a workspace. Absent: something that is open to nobody without a name, where paths count. */
  readonly path?: string;
  /** Where it is asked, when the request says so: there may be issuers of tokens that are believed there alone. */
  readonly workspace?: WorkspaceId | '*' | undefined;
};

/** The user of a token; how tokens are kept is the caller's affair. */
export type TokenLookup = (token: string) => User | undefined;

/** Where users of tokens come from. */
export type TokenSources = {
  /** Tokens that are known from the start; they are for this server alone. */
  readonly tokens: TokenLookup;
  readonly accounts: AccountTokens;
  /** Tokens of other issuers; of none when absent. */
  readonly issued?: IssuedTokens | undefined;
  /** Tokens of issuers that one workspace believes. */
  readonly issuedIn?: WorkspaceTokens | undefined;
  /** Where one may be anonymous; everywhere when absent. */
  readonly anonymous?: AnonymousConfig | undefined;
};

/**
 * Who sends these credentials. A verified certificate comes before a token; who shows neither is anonymous, whatever else the header says.
 * @throws ApiError Unauthorized when a token was given that logs in nobody, or where nobody may be anonymous
 */
export async function authenticate({authorization, peer, path, workspace}: Credentials, sources: TokenSources): Promise<User> {
  if (peer?.commonName) return known({name: peer.commonName, groups: peer.organizations, ...(peer.uid && {uid: peer.uid})});
  const token = authorization === undefined ? undefined : /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (token === undefined) {
    if (mayBeAnonymous(path, sources.anonymous)) return anonymous;
    throw new ApiError('Unauthorized', 'Unauthorized');
  }
  const verdict = await identify(token, sources, sources.accounts.audiences, workspace);
  if ('why' in verdict) throw new ApiError('Unauthorized', 'Unauthorized');
  return verdict.user;
}

const mayBeAnonymous = (path: string | undefined, where: AnonymousConfig | undefined): boolean =>
  !where || (where.enabled && (where.conditions.length === 0 || where.conditions.some(each => each.path === path)));

/** Whom a token logs in, when it is shown to one of the audiences, in a workspace if it is known in which. */
export async function identify(
  token: string,
  sources: TokenSources,
  audiences: readonly string[],
  workspace?: WorkspaceId | '*',
): Promise<Verdict> {
  const {tokens, accounts, issued, issuedIn} = sources;
  const user = tokens(token);
  if (user) return forThisServer(user, sources, audiences);
  const ofAccount = await accounts.identify(token, audiences);
  if (ofAccount) return 'why' in ofAccount ? refused(ofAccount.why) : ofAccount;
  const whys: string[] = [];
  for (const ask of [() => issued?.identify(token), () => (isOne(workspace) ? issuedIn?.identify(token, workspace) : undefined)]) {
    const found = await ask();
    if (found && 'user' in found) return forThisServer(found.user, sources, audiences);
    if (found) whys.push(found.why);
  }
  return refused(...whys);
}

const isOne = (workspace: WorkspaceId | '*' | undefined): workspace is WorkspaceId => workspace !== undefined && workspace !== '*';

const refused = (...whys: readonly string[]): Verdict => ({
  why: whys.length === 0 ? 'invalid bearer token' : `[invalid bearer token, ${whys.join(', ')}]`,
});

/** Tokens that know nothing of our audiences are for all of them. */
function forThisServer(user: User, {accounts}: TokenSources, audiences: readonly string[]): Verdict {
  const shared = accounts.audiences.filter(audience => audiences.includes(audience));
  return shared.length > 0 ? {user: known(user), audiences: shared} : {why: 'invalid bearer token'};
}

const authenticated = new WeakMap<User, User>();

/** Everybody who is known belongs to system:authenticated. */
function known(user: User): User {
  if (user.groups.includes(groups.authenticated)) return user;
  let full = authenticated.get(user);
  if (!full) {
    full = {...user, groups: [...user.groups, groups.authenticated]};
    authenticated.set(user, full);
  }
  return full;
}
