import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {ServerProcess} from '../support/process.ts';
import {folder, sleep, startServer, steadyPort, until} from '../support/process.ts';
import type {WatchEvent} from './watch.ts';
import {openWatch} from './watch.ts';

/** How the server ends in each round. */
const rounds = ['kill', 'kill', 'stop'] as const;
const clients = 8;
/** Every so many objects a client makes a workspace. */
const workspaceEvery = 10;

const configmaps = '/clusters/root/api/v1/namespaces/default/configmaps';
const workspaces = '/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspaces';
const workspace = {apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'Workspace'};
const logicalClusters = '/apis/core.kcp.io/v1alpha1/logicalclusters';

test('a server that is killed or stopped while eight clients write has everything it acknowledged', {timeout: 120_000}, async t => {
  const root = folder(t);
  let server = await startServer(t, {root, port: await steadyPort()});
  const acknowledged = new Map<string, string>();
  const start = (await server.call(configmaps)).json.metadata.resourceVersion;
  const seen: WatchEvent[] = [];
  for (const [round, how] of rounds.entries()) {
    seen.push(...(await writeUntilTheEnd(server, {round, how, acknowledged, since: lastOf(seen) ?? start})));
    server = await startServer(t, {root, port: server.port});
    await checkAcknowledged(server, acknowledged);
    await checkWorkspaces(server, acknowledged);
  }
  assert.ok(acknowledged.size > rounds.length * clients, `${acknowledged.size} acknowledged objects: nothing was tried`);
  await checkWatches(server, {start, seen});
});

/**
 * Lets the clients write until the server ends under them, and puts what was acknowledged, path by resourceVersion, into `acknowledged`. Returns what a
 * watch from `since` on saw meanwhile.
 */
async function writeUntilTheEnd(
  server: ServerProcess,
  {round, how, acknowledged, since}: {round: number; how: 'kill' | 'stop'; acknowledged: Map<string, string>; since: string},
): Promise<readonly WatchEvent[]> {
  const watch = await openWatch(server, configmaps, `resourceVersion=${since}`);
  const writing = Array.from({length: clients}, async (_, client) => {
    for (let n = 0; ; n++) {
      const name = `r${round}-c${client}-${n}`;
      const [path, body] = n % workspaceEvery === 3 ? [workspaces, {...workspace, metadata: {name}}] : [configmaps, {metadata: {name}}];
      const answer = await server.call(path, {method: 'POST', body}).catch(() => undefined);
      if (answer === undefined) return; // the server is gone
      if (answer.status === 503 && how === 'stop') continue; // it is going
      assert.equal(answer.status, 201, answer.body);
      acknowledged.set(`${path}/${name}`, answer.json.metadata.resourceVersion);
    }
  });
  await sleep(300 + Math.random() * 900);
  if (how === 'kill') await server.kill();
  else {
    const {code, ms} = await server.stop();
    assert.deepEqual([code, ms < 1000], [0, true], `code ${code} after ${ms} ms\n${server.output()}`);
  }
  await Promise.all(writing);
  await watch.ended;
  return watch.events.filter(({type}) => type !== 'CUT');
}

async function checkAcknowledged(server: ServerProcess, acknowledged: ReadonlyMap<string, string>): Promise<void> {
  const list = (await server.call(configmaps)).json;
  const found = new Map<string, string>(
    list.items.map((i: WatchEvent['object']) => [`${configmaps}/${i.metadata.name}`, i.metadata.resourceVersion]),
  );
  for (const [path, version] of acknowledged) {
    if (path.startsWith(configmaps)) assert.equal(found.get(path), version, `${path} was acknowledged`);
    else assert.equal((await server.call(path)).status, 200, `${path} was acknowledged`);
  }
  const newest = Math.max(...[...acknowledged.values()].map(Number));
  assert.ok(Number(list.metadata.resourceVersion) >= newest);
  const next = await server.call(configmaps, {method: 'POST', body: {metadata: {generateName: 'next-'}}});
  assert.ok(Number(next.json.metadata.resourceVersion) > newest, 'resourceVersions go on');
}

/** Every workspace gets ready and has all of its contents; no logical cluster is left that no workspace knows. */
async function checkWorkspaces(server: ServerProcess, acknowledged: ReadonlyMap<string, string>): Promise<void> {
  type Workspace = {metadata: {name: string}; spec: {cluster?: string}; status?: {phase?: string}};
  let items: readonly Workspace[] = [];
  await until(async () => {
    items = (await server.call(workspaces)).json.items;
    return items.every(({status}) => status?.phase === 'Ready');
  }, 'workspaces that are ready');
  for (const path of acknowledged.keys())
    assert.ok(
      !path.startsWith(workspaces) || items.some(({metadata}) => `${workspaces}/${metadata.name}` === path),
      `${path} was acknowledged`,
    );
  for (const {metadata, spec} of items) {
    const inside = `/clusters/${spec.cluster}`;
    const cluster = await server.call(`${inside}${logicalClusters}/cluster`);
    assert.equal(cluster.json.status?.phase, 'Ready', `${metadata.name}: ${cluster.body}`);
    for (const content of ['/api/v1/namespaces/default', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/workspace-admin'])
      assert.equal((await server.call(inside + content)).status, 200, `${metadata.name} has ${content}`);
    assert.equal((await server.call(`/clusters/root:${metadata.name}/api/v1/namespaces/default`)).status, 200, 'found by its path');
  }
  const all = await server.call(`/clusters/*${logicalClusters}`, {token: server.token('shard-admin')});
  const ids = all.json.items.map((i: {metadata: {annotations: {'kcp.io/cluster': string}}}) => i.metadata.annotations['kcp.io/cluster']);
  assert.deepEqual(ids.toSorted(), ['root', ...items.map(({spec}) => spec.cluster)].toSorted());
}

/** A watch that was resumed after each crash saw what a watch of everything sees now: each object once, in order. */
async function checkWatches(server: ServerProcess, {start, seen}: {start: string; seen: readonly WatchEvent[]}): Promise<void> {
  const {items} = (await server.call(configmaps)).json;
  const due = items
    .map(({metadata}: WatchEvent['object']) => metadata)
    .filter(({resourceVersion}: {resourceVersion: string}) => Number(resourceVersion) > Number(start))
    .map(({name, resourceVersion}: {name: string; resourceVersion: string}) => `${name} ${resourceVersion}`)
    .toSorted((a: string, b: string) => Number(a.split(' ')[1]) - Number(b.split(' ')[1]));

  const whole = await openWatch(server, configmaps, `resourceVersion=${start}`);
  const rest = await openWatch(server, configmaps, `resourceVersion=${lastOf(seen)}`);
  await until(() => whole.events.length >= due.length && seen.length + rest.events.length >= due.length, 'events of the past');
  await sleep(100); // nothing more may come
  assert.deepEqual(whole.events.map(told), due);
  assert.deepEqual([...seen, ...rest.events].map(told), due);
  assert.ok(seen.length > 0, 'the watch saw nothing before the crash');
  whole.end();
  rest.end();
}

const told = ({object: {metadata}}: WatchEvent): string => `${metadata.name} ${metadata.resourceVersion}`;
const lastOf = (events: readonly WatchEvent[]): string | undefined => events.at(-1)?.object.metadata.resourceVersion;
