import type {WorkspaceId} from '../api/cluster.ts';
import {badRequest, forbidden} from '../api/errors.ts';
import type {AskedResource} from './attributes.ts';
import type {Authorizer} from './authorize.ts';
import {readWarrant} from './effective-users.ts';
import {extras} from './service-account.ts';
import type {User} from './user.ts';
import {anonymous, groups} from './user.ts';

/** As whom somebody wants to act (spec kubernetes-api 10.4): the values of the headers, in their order. */
export type Wish = {
  /** Empty when none was named. */
  readonly user: string;
  readonly groups: readonly string[];
  readonly uid: string | undefined;
  /** Keys as they are to be, in lower case; each with its values. */
  readonly extra: readonly (readonly [key: string, value: string])[];
};

export const impersonationLimits = {
  /** Groups and extra values of one request: each of them is asked about. */
  claimsMax: 200,
  /** Warrants within warrants. */
  warrantDepthMax: 4,
} as const;

/**
 * The user that somebody may act as. Each claim needs the verb `impersonate` in the workspace; besides, what is above the asker cannot be claimed, whatever
 * roles allow (spec kcp 7.6), and who is not their own master acts as others in this workspace alone.
 * @throws ApiError BadRequest without a user, Forbidden
 */
export async function impersonate(real: User, wish: Wish, workspace: WorkspaceId | '*', authorizer: Authorizer): Promise<User> {
  const claims = claimsOf(wish);
  if (!wish.user) throw badRequest(`requested ${printed(wish)} without impersonating a user`);
  if (claims.length > impersonationLimits.claimsMax) throw badRequest('too many things are impersonated at once');
  const master = real.groups.includes(groups.masters);
  if (!master && !isBelow(real, wish)) throw forbidden(none, '', 'impersonation is not allowed for the requestor');
  for (const resource of claims) await authorizer.authorize(real, {verb: 'impersonate', workspace, resource});
  const user = userOf(wish);
  if (master) return user;
  const scopes = [...(user.extra?.[extras.scopes] ?? []), `cluster:${workspace}`];
  return {...user, extra: {...user.extra, [extras.scopes]: scopes}};
}

const none = {group: '', resource: ''} as const;

/** What has to be allowed, one by one. */
function claimsOf({user, groups: of, uid, extra}: Wish): readonly AskedResource[] {
  const core = (plural: string, name: string, namespace?: string): AskedResource => ({
    group: '',
    plural,
    subresource: undefined,
    namespace,
    name,
  });
  const fact = (plural: string, name: string, subresource?: string): AskedResource => ({
    group: 'authentication.k8s.io',
    plural,
    subresource,
    namespace: undefined,
    name,
  });
  const account = accountOf(user);
  return [
    account ? core('serviceaccounts', account.name, account.namespace) : core('users', user),
    ...of.map(group => core('groups', group)),
    ...extra.map(([key, value]) => fact('userextras', value, key)),
    ...(uid === undefined ? [] : [fact('uids', uid)]),
  ];
}

const accountName = /^system:serviceaccount:([a-z0-9][a-z0-9-]*):([a-z0-9][a-z0-9.-]*)$/;

function accountOf(user: string): {readonly namespace: string; readonly name: string} | undefined {
  const [, namespace, name] = accountName.exec(user) ?? [];
  return namespace && name ? {namespace, name} : undefined;
}

/** System groups that mean nothing outside of a workspace, and may be claimed by who is allowed to there. */
const ordinary = (group: string): boolean =>
  !group.startsWith('system:') ||
  group === groups.unauthenticated ||
  group === groups.serviceAccounts ||
  group.startsWith('system:serviceaccounts:');
const ordinaryUser = (name: string): boolean => !name.startsWith('system:') || name === anonymous.name || accountOf(name) !== undefined;

/** What stands above everybody who does not hold it (spec kcp 7.6). */
const privileged: ReadonlySet<string> = new Set([
  groups.masters,
  groups.kcpAdmin,
  groups.bootstrapper,
  groups.logicalClusterAdmin,
  groups.externalLogicalClusterAdmin,
  groups.authenticated,
]);

/** Whether all that is claimed lies within what the asker is. Only administrators of kcp may state kcp's own facts about others, and then no more than they hold. */
function isBelow(real: User, {user, groups: of, extra}: Wish): boolean {
  const held = new Set(real.groups);
  if (held.has(groups.kcpAdmin)) return of.every(group => held.has(group) || !isPrivileged(group)) && warrantsBelow(held, extra, 0);
  if (extra.some(([key]) => isReserved(key))) return false;
  return (
    (ordinaryUser(user) || user === real.name) &&
    of.every(group => held.has(group) || (ordinary(group) && !group.startsWith('apis.kcp.io:')))
  );
}

const isPrivileged = (group: string): boolean =>
  privileged.has(group) || group.startsWith('system:kcp:initializer:') || group.startsWith('system:kcp:terminator:');

/** kcp's own keys, in whatever spelling. */
const isReserved = (key: string): boolean => key.normalize('NFKC').toLowerCase().includes('kcp.io');

function warrantsBelow(held: ReadonlySet<string>, extra: Wish['extra'], depth: number): boolean {
  if (depth > impersonationLimits.warrantDepthMax) return false;
  return extra.every(([key, value]) => {
    if (key !== extras.warrant) return true;
    const warrant = readWarrant(value);
    if (!warrant) return true;
    const nested = Object.entries(warrant.extra ?? {}).flatMap(([name, values]) => values.map((one): [string, string] => [name, one]));
    return warrant.groups.every(group => held.has(group) || !isPrivileged(group)) && warrantsBelow(held, nested, depth + 1);
  });
}

function userOf({user: name, groups: of, uid, extra}: Wish): User {
  const facts = new Map<string, string[]>();
  for (const [key, value] of extra) facts.set(key, [...(facts.get(key) ?? []), value]);
  return {name, groups: groupsOf(name, of), ...(uid && {uid}), ...(facts.size > 0 && {extra: Object.fromEntries(facts)})};
}

/** Groups that were named are all there are, but for that of everybody who is known, or of strangers. */
function groupsOf(name: string, named: readonly string[]): readonly string[] {
  const account = accountOf(name);
  const found = named.length === 0 && account ? [groups.serviceAccounts, `${groups.serviceAccounts}:${account.namespace}`] : named;
  if (name === anonymous.name) return found.includes(groups.unauthenticated) ? found : [...found, groups.unauthenticated];
  return found.includes(groups.authenticated) || found.includes(groups.unauthenticated) ? found : [...found, groups.authenticated];
}

/** What was asked for without a user, as Go prints its references. */
function printed({groups: of, uid, extra}: Wish): string {
  const all = [
    ...of.map(group => `{Group  ${group}    }`),
    ...extra.map(([key, value]) => `{UserExtra  ${value}  authentication.k8s.io/v1  ${key}}`),
    ...(uid === undefined ? [] : [`{UID  ${uid}  authentication.k8s.io/v1  }`]),
  ];
  return `[${all.slice(0, impersonationLimits.claimsMax).join(' ')}]`;
}

/** The claims of headers; undefined when there are none. */
export function readWish(headers: readonly string[]): Wish | undefined {
  let user = '';
  let uid: string | undefined;
  const of: string[] = [];
  const extra: [string, string][] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const [name, value] = [headers[i] as string, headers[i + 1] as string];
    if (!name.startsWith(headerPrefix)) continue;
    if (name === 'impersonate-user') user = value;
    else if (name === 'impersonate-uid') uid = value;
    else if (name === 'impersonate-group') of.push(value);
    else if (name.startsWith(extraPrefix)) extra.push([unescaped(name.slice(extraPrefix.length)), value]);
  }
  return user || uid || of.length > 0 || extra.length > 0 ? {user, groups: of, uid: uid || undefined, extra} : undefined;
}

const headerPrefix = 'impersonate-';
const extraPrefix = 'impersonate-extra-';

/** A key that is not well escaped is meant as it is. */
function unescaped(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
