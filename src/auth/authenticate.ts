import {ApiError} from '../api/errors.ts';
import type {AccountTokens, Verdict} from './account-tokens.ts';
import type {User} from './user.ts';
import {anonymous, groups} from './user.ts';

export type Credentials = {
  /** The Authorization header. */
  readonly authorization: string | undefined;
  /** What a client certificate says that was verified against the client CA; nothing else counts. */
  readonly peer: {readonly commonName: string; readonly organizations: readonly string[]; readonly uid?: string} | undefined;
};

/** The user of a token; how tokens are kept is the caller's affair. */
export type TokenLookup = (token: string) => User | undefined;

/** Where users of tokens come from. */
export type TokenSources = {
  /** Tokens that are known from the start; they are for this server alone. */
  readonly tokens: TokenLookup;
  readonly accounts: AccountTokens;
};

/**
 * Who sends these credentials. A verified certificate comes before a token; who shows neither is anonymous, whatever else the header says.
 * @throws ApiError Unauthorized when a token was given that logs in nobody
 */
export async function authenticate({authorization, peer}: Credentials, sources: TokenSources): Promise<User> {
  if (peer?.commonName) return known({name: peer.commonName, groups: peer.organizations, ...(peer.uid && {uid: peer.uid})});
  const token = authorization === undefined ? undefined : /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (token === undefined) return anonymous;
  const verdict = await identify(token, sources, sources.accounts.audiences);
  if ('why' in verdict) throw new ApiError('Unauthorized', 'Unauthorized');
  return verdict.user;
}

/** Whom a token logs in, when it is shown to one of the audiences. */
export async function identify(token: string, {tokens, accounts}: TokenSources, audiences: readonly string[]): Promise<Verdict> {
  const user = tokens(token);
  if (!user) {
    const verdict = await accounts.identify(token, audiences);
    if (!verdict) return {why: 'invalid bearer token'};
    return 'why' in verdict ? {why: `[invalid bearer token, ${verdict.why}]`} : verdict;
  }
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
