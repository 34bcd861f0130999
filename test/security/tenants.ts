/** Two tenants with 25 workspaces each, and a canary wherever a workspace can hold text. */
import type {User} from '../../src/auth/user.ts';
import type {Api} from '../support/api-client.ts';
import {bindingObject, rbac} from '../support/permissions.ts';
import {configMap, definition, succeeded, widgetVersion} from '../support/place.ts';
import type {TestPlane} from '../support/plane.ts';
import {createWorkspace, users} from '../support/plane.ts';
import {type CanaryKind, canaryText} from './canary.ts';

/** A workspace of somebody's. */
export type Held = {
  /** Two characters; it is told by its canaries. */
  readonly code: string;
  readonly path: string;
  readonly id: string;
  readonly tenant: 'a' | 'b';
  /** Of objects that others may want to refer to. */
  readonly uids: readonly string[];
};

/** Somebody who asks, and what of whose they may see: everything, or all but Secrets. */
export type Asker = {
  readonly name: string;
  readonly token: string;
  readonly sees: ReadonlyMap<string, 'all' | 'view'>;
};

export type Tenants = {
  readonly held: readonly Held[];
  /** The tenants come first, `a` and `b`. */
  readonly askers: readonly Asker[];
};

export const workspacesEach = 25;
const owners = {a: {user: 'user-1', token: users.user1}, b: {user: 'user-2', token: users.user2}} as const;
const secondsLong = 90_000;

/** Users as issuers know them, by their tokens: within scopes, with warrants, with groups. They are there only where tests choose who may issue. */
export const issuedUsers = (held: readonly Held[]): ReadonlyMap<string, {readonly user: User; readonly sees: Asker['sees']}> => {
  const [inner, outer] = [held[3] as Held, held[4] as Held];
  const facts = (key: string, ...values: readonly string[]): NonNullable<User['extra']> => ({[key]: values});
  const scopes = 'authentication.kcp.io/scopes';
  const warrant = JSON.stringify({user: 'user-1', groups: ['system:authenticated'], extra: facts(scopes, `cluster:${outer.id}`)});
  const user1 = {name: 'user-1', groups: ['system:authenticated']};
  const only = ({code}: Held): Asker['sees'] => new Map([[code, 'all']]);
  const nothing: Asker['sees'] = new Map();
  return new Map([
    ['issued-stranger', {user: {name: 'oidc:eve', uid: 'e', groups: ['oidc:team', 'system:authenticated']}, sees: nothing}],
    ['issued-scoped', {user: {...user1, extra: facts(scopes, `cluster:${inner.id}`)}, sees: only(inner)}],
    ['issued-out-of-scope', {user: {...user1, extra: facts(scopes, `cluster:${inner.id}`, `cluster:${outer.id}`)}, sees: nothing}],
    [
      'issued-warrant',
      {
        user: {name: 'oidc:mallory', groups: ['system:authenticated'], extra: facts('authorization.kcp.io/warrant', warrant)},
        sees: only(outer),
      },
    ],
  ]);
};

/** @param issued whether the plane believes `issuedUsers` */
export async function settle(plane: TestPlane, issued: boolean): Promise<Tenants> {
  const held: Held[] = [];
  for (const tenant of ['a', 'b'] as const) {
    await createWorkspace(plane.api, 'root', `org-${tenant}`);
    const numbers = Array.from({length: workspacesEach}, (_, i) => i + (tenant === 'a' ? 0 : workspacesEach));
    held.push(
      ...(await Promise.all(numbers.map(n => occupy(plane.api, tenant, `root:org-${tenant}`, `w-${n}`, String(n).padStart(2, '0'))))),
    );
  }
  const sees = (tenant: 'a' | 'b'): Map<string, 'all' | 'view'> =>
    new Map(held.filter(one => one.tenant === tenant).map(({code}) => [code, 'all']));
  const askers: Asker[] = [
    {name: 'user-1', token: users.user1, sees: sees('a')},
    {name: 'user-2', token: users.user2, sees: sees('b')},
    {name: 'user-3', token: users.user3, sees: await guest(plane.api, held)},
    {name: 'nobody', token: '', sees: new Map()},
    {name: 'made up', token: 'made-up', sees: new Map()},
  ];
  for (const at of held.filter((_, i) => i % 6 === 0)) askers.push(...(await accountsOf(plane.api, at)));
  if (issued) for (const [token, {sees}] of issuedUsers(held)) askers.push({name: token, token, sees});
  return {held, askers};
}

/** Makes a workspace, its owner the tenant, and hides its canaries. */
export async function occupy(admin: Api, tenant: 'a' | 'b', parent: string, name: string, code: string): Promise<Held> {
  const made = await createWorkspace(admin, parent, name);
  const path = `${parent}:${name}`;
  const api = admin.in(`/clusters/${path}`);
  const text = (kind: CanaryKind): string => canaryText(code, kind);
  const post = async (where: string, body: object): Promise<string> =>
    succeeded(await api.post(where, body), 201).at('metadata', 'uid') as string;
  await post(rbac.clusterRoleBindings, bindingObject('owner', 'ClusterRole cluster-admin', `User ${owners[tenant].user}`));
  await post('/api/v1/namespaces', {metadata: {name: 't', labels: {note: text('o')}, annotations: {note: text('o')}}});
  await post('/api/v1/namespaces', {metadata: {name: `${text('o')}-space`}});
  const core = '/api/v1/namespaces/t';
  const uids = [
    await post(`${core}/secrets`, {
      metadata: {name: 'crown'},
      type: 'Opaque',
      stringData: {jewels: text('s'), more: `${text('s')} and more`},
    }),
    await post(`${core}/configmaps`, configMap('crown', {jewels: text('o')}, {labels: {note: text('o')}})),
  ];
  for (let i = 0; i < 4; i++) await post(`${core}/configmaps`, configMap(`page-${i}`, {page: text('o')}));
  await post(`${core}/secrets`, {metadata: {name: `${text('s')}-name`}, data: {}});
  await post(`${core}/serviceaccounts`, {metadata: {name: 'robot', annotations: {note: text('o')}}});
  await post(`${core}/events`, {
    metadata: {name: 'crown'},
    involvedObject: {namespace: 't', name: 'crown'},
    reason: 'Hidden',
    message: text('o'),
    type: 'Normal',
  });
  await post(rbac.clusterRoles, {metadata: {name: 'crown', labels: {note: text('o')}}, rules: []});
  await post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', described(text('o')));
  await post('/apis/example.com/v1/namespaces/t/crowns', {
    apiVersion: 'example.com/v1',
    kind: 'Crown',
    metadata: {name: 'crown'},
    spec: {note: text('o')},
  });
  return {code, path, id: made.at('spec', 'cluster') as string, tenant, uids};
}

const described = (description: string): object => {
  const schema = {type: 'object', properties: {spec: {type: 'object', description, properties: {note: {type: 'string'}}}}};
  return definition('crowns', 'Crown', {versions: [widgetVersion('v1', {schema: {openAPIV3Schema: schema}})]});
};

/** Somebody who may look at one namespace of a few workspaces of both tenants, but at no Secrets. */
async function guest(admin: Api, held: readonly Held[]): Promise<Asker['sees']> {
  const visited = [2, 27].map(i => held[i] as Held);
  for (const {path} of visited) {
    const api = admin.in(`/clusters/${path}`);
    succeeded(
      await api.post(rbac.clusterRoleBindings, bindingObject('guest', 'ClusterRole system:kcp:workspace:access', 'User user-3')),
      201,
    );
    succeeded(await api.post(rbac.roleBindings('t'), bindingObject('guest', 'ClusterRole view', 'User user-3')), 201);
  }
  return new Map(visited.map(({code}) => [code, 'view']));
}

/** A service account that owns its workspace, and one that may look around in its namespace. */
async function accountsOf(admin: Api, {path, code}: Held): Promise<readonly Asker[]> {
  const api = admin.in(`/clusters/${path}`);
  succeeded(await api.post(rbac.clusterRoleBindings, bindingObject('robot', 'ClusterRole cluster-admin', 'ServiceAccount robot t')), 201);
  succeeded(await api.post(rbac.roleBindings('t'), bindingObject('default', 'ClusterRole view', 'ServiceAccount default t')), 201);
  const asker = async (account: string, sight: 'all' | 'view'): Promise<Asker> => {
    const request = {spec: {expirationSeconds: secondsLong}};
    const answer = succeeded(await api.post(`/api/v1/namespaces/t/serviceaccounts/${account}/token`, request), 201);
    return {name: `${account} of ${code}`, token: answer.at('status', 'token') as string, sees: new Map([[code, sight]])};
  };
  return [await asker('robot', 'all'), await asker('default', 'view')];
}
