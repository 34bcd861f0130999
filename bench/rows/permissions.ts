import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {drive, quantile, sleep} from '../load.ts';
import {configMap, configMaps, newWorkspace, workspace} from '../objects.ts';
import {kibibytes, type Note, noteRss, type Row, type Settings} from '../row.ts';
import {type Server, startServer, tokenOf} from '../server.ts';
import {openSession, type Request, type Session} from '../session.ts';

/** Each slice of a pair is short, and there are many of them: both see the same machine. */
const slices = 8;
const bindings = 1_000;
const settleMs = 3_000;
const user = {token: 'token-of-user', name: 'user'} as const;

/** What it costs to be allowed: the same GET by who needs no permission, and by who needs one. */
export const permissions: Row = {
  name: 'permissions',
  about: 'GET by masters, who are not judged, in turns with those who are; and what permissions hold',
  async run(settings, note) {
    const directory = settings.folder();
    const tokens = join(directory, 'tokens.csv');
    writeFileSync(tokens, `${user.token},${user.name},1\n`);
    const server = await startServer(directory, settings.nodeOptions, [`--token-auth-file=${tokens}`]);
    const [maker] = (await server.sessions(1)) as [Session];
    const few = await furnished(maker, 'permissions-few', 0);
    const many = await furnished(maker, 'permissions-many', bindings);
    const askers: readonly (readonly [who: string, token: string, at: string])[] = [
      ['admin', tokenOf('kcp-admin', directory), few],
      ['a user through a role binding', user.token, few],
      ['a service account', await accountToken(maker, few), few],
      ['a user among 1,000 bindings', user.token, many],
    ];
    maker.close();
    await sleep(1_000);
    for (let i = 0; i < settings.repetitions; i++)
      for (const [who, token, at] of askers) await pair(server, settings, note, {who, token, path: `${configMaps(at)}/seen`});
    await everywhere(server, settings, note);
    await server.stop();
  },
};

type Asker = {readonly who: string; readonly token: string; readonly path: string};

/** Both ask for the same object, by turns, with one request under way and with many. */
async function pair(server: Server, settings: Settings, note: Note, {who, token, path}: Asker): Promise<void> {
  const masters = await server.sessions(settings.sessions);
  const others = await Promise.all(masters.map(() => openSession({...server.address, token})));
  for (const clients of [1, settings.manyClients]) {
    const title = `get as ${who}, ${clients} ${clients === 1 ? 'client' : 'clients'}`;
    const added: number[] = [];
    const medians: number[] = [];
    for (let slice = 0; slice <= slices; slice++) {
      const [unjudged, judged] = [
        await measure(server, masters, settings, clients, path),
        await measure(server, others, settings, clients, path),
      ];
      // The first is warmth.
      if (slice === 0) continue;
      added.push(judged.cpuMicros - unjudged.cpuMicros);
      medians.push((judged.p50Ms - unjudged.p50Ms) * 1_000);
      note(`${title}: server cpu per operation`, 'µs', judged.cpuMicros);
      note(`get as masters, ${clients} ${clients === 1 ? 'client' : 'clients'}: server cpu per operation`, 'µs', unjudged.cpuMicros);
    }
    note(`${title}: permission adds, cpu`, 'µs', median(added));
    note(`${title}: permission adds, p50`, 'µs', median(medians));
  }
  for (const session of [...masters, ...others]) session.close();
}

const median = (values: readonly number[]): number => quantile(Float64Array.from(values).sort(), 0.5);

async function measure(
  server: Server,
  sessions: readonly Session[],
  {ms}: Settings,
  clients: number,
  path: string,
): Promise<{readonly cpuMicros: number; readonly p50Ms: number}> {
  const before = await server.metrics();
  const {timesMs, sent} = await drive({sessions, clients, ms: ms / slices, next: () => ({method: 'GET', path}), expect: 200});
  const after = await server.metrics();
  return {cpuMicros: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / sent, p50Ms: quantile(timesMs, 0.5)};
}

const group = 'rbac.authorization.k8s.io';
const rbac = (at: string, resource: string): string => `/clusters/${at}/apis/${group}/v1/${resource}`;
const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const post = (path: string, body: object): Request => ({method: 'POST', path, body: json(body)});
const binding = (name: string, kind: string, role: string, subject: object): object => ({
  metadata: {name},
  subjects: [subject],
  roleRef: {apiGroup: group, kind, name: role},
});
const person = (name: string): object => ({kind: 'User', apiGroup: group, name});

/** What a workspace has to have so that the user and a service account may read in its namespace. */
const rights = (at: string): readonly Request[] => [
  post(rbac(at, 'clusterrolebindings'), binding('enter', 'ClusterRole', 'system:kcp:workspace:access', person(user.name))),
  post(rbac(at, 'namespaces/default/roles'), {
    metadata: {name: 'read'},
    rules: [{verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['configmaps']}],
  }),
  post(rbac(at, 'namespaces/default/rolebindings'), binding('read', 'Role', 'read', person(user.name))),
];

/** A workspace with an object to see, who may see it, and so many bindings to others. */
async function furnished(maker: Session, name: string, more: number): Promise<string> {
  const at = await workspace(maker, name);
  await must(maker, {method: 'POST', path: configMaps(at), body: configMap('seen', 1)});
  for (const request of rights(at)) await must(maker, request);
  const account = {kind: 'ServiceAccount', name: 'default', namespace: 'default'};
  await must(maker, post(rbac(at, 'namespaces/default/rolebindings'), binding('account', 'Role', 'read', account)));
  for (let i = 0; i < more; i++)
    await must(maker, post(rbac(at, 'clusterrolebindings'), binding(`other-${i}`, 'ClusterRole', 'view', person(`other-${i}`))));
  return at;
}

async function must(session: Session, request: Request): Promise<string> {
  const {status, body} = await session.ask(request);
  if (status !== 201) throw new Error(`${request.path} was answered with ${status}: ${body}`);
  return body;
}

async function accountToken(session: Session, at: string): Promise<string> {
  const body = await must(
    session,
    post(`/clusters/${at}/api/v1/namespaces/default/serviceaccounts/default/token`, {spec: {expirationSeconds: 7_200}}),
  );
  return (JSON.parse(body) as {status: {token: string}}).status.token;
}

const clientsAtOnce = 16;

/** Workspaces that each have permissions of their own, and a user who goes through them all. */
async function everywhere(server: Server, settings: Settings, note: Note): Promise<void> {
  const {workspaces: count, sessions: width} = settings;
  const title = `${count.toLocaleString('en')} workspaces with permissions of their own`;
  const makers = await server.sessions(width);
  const parent = await workspace(makers[0] as Session, 'permitted');
  const at = (n: number): string => `${parent}:w-${n}`;
  const all = async (sessions: readonly Session[], total: number, expect: number, next: (n: number) => Request) => {
    const plan = {sessions, clients: clientsAtOnce, ms: Number.POSITIVE_INFINITY, expect};
    const done = await drive({...plan, next: n => (n < total ? next(n) : undefined)});
    // Who asks nothing for two minutes is sent away, and the metrics are asked for in the end.
    await server.metrics();
    return done;
  };
  const each = rights('').length;
  const give = (from: number, to: number) =>
    all(makers, (to - from) * each, 201, n => rights(at(from + Math.floor(n / each)))[n % each] as Request);
  // Sessions of their own each time, for the same reason.
  const visit = async (from: number, to: number) => {
    const others = await Promise.all(makers.map(() => openSession({...server.address, token: user.token})));
    const visited = await all(others, to - from, 200, n => ({method: 'GET', path: configMaps(at(from + n))}));
    for (const session of others) session.close();
    return visited;
  };
  // Before memory is compared, compiled code, full caches and a heap as large as such a rush makes it: they are no cost of a workspace.
  const warm = Math.floor(count / 2);
  await all(makers, warm, 201, n => newWorkspace(parent, `w-${n}`));
  await give(0, warm);
  await visit(0, warm);
  await sleep(settleMs);
  const before = server.ownBytes();
  await all(makers, count, 201, n => newWorkspace(parent, `w-${warm + n}`));
  await give(warm, warm + count);
  const visited = await visit(warm, warm + count);
  note(`${title}: first get in each, p50`, 'ms', quantile(visited.timesMs, 0.5));
  const again = await visit(warm, warm + count);
  note(`${title}: second get in each, p50`, 'ms', quantile(again.timesMs, 0.5));
  await sleep(settleMs);
  await noteRss(`${title}: RSS`, note, server);
  note(`${title}: memory each, without pages of files`, 'KiB', kibibytes(server.ownBytes() - before) / count);
  for (const session of makers) session.close();
}
