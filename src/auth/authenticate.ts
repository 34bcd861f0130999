import {ApiError} from '../api/errors.ts';
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

/**
 * Who sends these credentials. A verified certificate comes before a token; who shows neither is anonymous, whatever else the header says.
 * @throws ApiError Unauthorized when a token was given and is not known
 */
export function authenticate({authorization, peer}: Credentials, tokens: TokenLookup): User {
  if (peer?.commonName) return known({name: peer.commonName, groups: peer.organizations, ...(peer.uid && {uid: peer.uid})});
  const token = authorization === undefined ? undefined : /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (token === undefined) return anonymous;
  const user = tokens(token);
  if (!user) throw new ApiError('Unauthorized', 'Unauthorized');
  return known(user);
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
