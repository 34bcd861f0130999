import type {Json, JsonObject} from '../api/json.ts';
import {dig, digString, isObject} from '../api/json.ts';
import {parse} from '../api/parse-json.ts';
import {extras} from './service-account.ts';
import type {User} from './user.ts';
import {anonymous, groups} from './user.ts';

export const warrantLimits = {
  /** Users that the warrants of one user may come to, nested ones included. */
  usersMax: 32,
  charsMax: 64 * 1024,
} as const;

const clusterPrefix = 'cluster:';
const accountPrefix = 'system:serviceaccount:';

export const isAccount = ({name}: User): boolean => name.startsWith(accountPrefix);

/** Whether a user is themselves in a workspace: within every scope, and a service account at home (spec kcp 7.2, 7.3). One without a home is at home everywhere. */
export function isInScope(user: User, workspace: string): boolean {
  const {extra} = user;
  if (!extra) return true;
  const homes = extra[extras.clusterName] ?? [];
  if (isAccount(user) && homes.length > 0 && !(homes.length === 1 && homes[0] === workspace)) return false;
  return (extra[extras.scopes] ?? []).every(scopes => scopes.split(',').includes(clusterPrefix + workspace));
}

/**
 * As whom a user counts in a workspace: themselves, or who is left of them outside of their scopes; a service account by the name it has in foreign
 * workspaces; and everybody whose warrants they carry (spec kcp 7.2 to 7.4).
 */
export function effectiveUsers(user: User, workspace: string): readonly User[] {
  // Most users are nobody else.
  if (!user.extra && !isAccount(user)) return [user];
  const found: User[] = [];
  const strangers = new Set<string>();
  const visit = (one: User): void => {
    if (found.length >= warrantLimits.usersMax) return;
    if (isInScope(one, workspace)) found.push(one);
    else strangers.add(one.groups.includes(groups.authenticated) ? groups.authenticated : groups.unauthenticated);
    const abroad = abroadName(one);
    if (abroad !== undefined) found.push({name: abroad, groups: foreignGroups(one)});
    for (const warrant of warrantsOf(one)) visit(warrant);
  };
  visit(user);
  if (strangers.has(groups.authenticated)) found.push({name: anonymous.name, groups: [groups.authenticated, ...scopeGroups(user)]});
  if (strangers.has(groups.unauthenticated)) found.push(anonymous);
  return found;
}

/** The name by which workspaces other than its own know a service account. */
function abroadName(user: User): string | undefined {
  const homes = user.extra?.[extras.clusterName] ?? [];
  return isAccount(user) && homes.length === 1
    ? `system:kcp:serviceaccount:${homes[0]}:${user.name.slice(accountPrefix.length)}`
    : undefined;
}

const foreignGroups = (user: User): readonly string[] => [
  ...(user.groups.includes(groups.authenticated) ? [groups.authenticated] : []),
  ...scopeGroups(user),
];

/** Everybody who is known in a workspace belongs to its group: the workspaces of all scopes at once. */
function scopeGroups({extra}: User): readonly string[] {
  const [first, ...others] = (extra?.[extras.scopes] ?? []).map(scopes => scopes.split(','));
  if (!first) return [];
  return first
    .filter(scope => scope.startsWith(clusterPrefix) && others.every(scopes => scopes.includes(scope)))
    .map(scope => `system:${scope}`);
}

/** Those in whose name a user may act besides. What is no warrant is none; a service account without a home cannot give one. */
export function warrantsOf({extra}: User): readonly User[] {
  return (extra?.[extras.warrant] ?? []).flatMap(text => {
    const warrant = readWarrant(text);
    if (!warrant || (isAccount(warrant) && (warrant.extra?.[extras.clusterName] ?? []).length === 0)) return [];
    return [{...warrant, groups: [...warrant.groups, ...scopeGroups(warrant)]}];
  });
}

/** The user that a warrant names; undefined when it is not one. */
export function readWarrant(text: string): User | undefined {
  if (text.length > warrantLimits.charsMax) return undefined;
  let json: Json;
  try {
    json = parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(json)) return undefined;
  const uid = digString(json, 'uid');
  const extra = readExtra(dig(json, 'extra'));
  return {name: digString(json, 'user') ?? '', groups: texts(dig(json, 'groups')), ...(uid && {uid}), ...(extra && {extra})};
}

/** The extra facts about a user, as they stand in JSON; undefined when there are none. */
export function readExtra(json: Json | undefined): User['extra'] | undefined {
  if (!isObject(json)) return undefined;
  const found = Object.entries(json as JsonObject).map(([key, values]): [string, readonly string[]] => [key, texts(values)]);
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

const texts = (value: Json | undefined): string[] => (Array.isArray(value) ? value.filter(one => typeof one === 'string') : []);
