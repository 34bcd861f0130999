import assert from 'node:assert/strict';
import type {TestContext} from 'node:test';
import {test} from 'node:test';
import type {Informer, KubernetesListObject, KubernetesObject, ListWatch} from '@kubernetes/client-node';
import {KubeConfig, KubernetesObjectApi, makeInformer} from '@kubernetes/client-node';
import {listen} from '../../src/main/listen.ts';
import {servingCertificate} from '../../src/main/pki.ts';
import type {Api} from '../support/api-client.ts';
import {configMap, newPlace, paths, succeeded, widget} from '../support/place.ts';
import type {TestPlane} from '../support/plane.ts';
import {inProcess, startPlane, users} from '../support/plane.ts';
import {sleep, until} from '../support/process.ts';

const simulated = {hours: 6, stepMs: 30_000, objects: 20} as const;
const steps = (simulated.hours * 3_600_000) / simulated.stepMs;

test('108 informers go on for hours of churn, idle ones too, and list once', {...inProcess, timeout: 120_000}, async t => {
  const plane = await startPlane('informers');
  t.after(() => plane.stop());
  const api = await newPlace(plane);
  succeeded(await api.post(paths.configMaps, configMap('rare', {}, {labels: {rare: 'yes'}})), 201);
  succeeded(await api.post(paths.widgets, widget('still')), 201);
  const edge = await openEdge(t, plane);
  const busy = edge.follow('v1', 'ConfigMap', paths.configMaps);
  const rare = edge.follow('v1', 'ConfigMap', `${paths.configMaps}${bookmarks}`, 'rare=yes');
  const idle = edge.follow('example.com/v1', 'Widget', `${paths.widgets}${bookmarks}`);
  const empty = edge.follow('v1', 'Secret', `${paths.secrets}${bookmarks}`);
  const all = [busy, rare, idle, empty];
  const quiet = [rare, idle, empty];
  const ready = (): boolean => edge.open() === all.length && all.every(each => each.version() > 0);
  await until(ready, 'informers that follow');
  const atFirst = Math.max(...quiet.map(each => each.version()));

  for (let step = 0; step < steps; step++) {
    const written = await churn(api, step);
    await plane.world.advance(simulated.stepMs);
    await soon(() => ready() && busy.version() >= written, `step ${step}: ${edge.open()} watches, ${busy.version()} of ${written}`);
  }

  const {items} = JSON.parse((await api.get(paths.configMaps)).text) as KubernetesListObject<KubernetesObject>;
  assert.deepEqual(busy.seen(), versions(items), 'what it knows is what is there');
  assert.ok(plane.store.compacted() > atFirst, 'the first lists are long forgotten');
  for (const each of all) {
    assert.deepEqual(each.errors, []);
    assert.equal(each.lists(), 1, `${each.path}: it listed once`);
    assert.ok(each.watches() > simulated.hours / 2, `${each.path}: its watches ended after a while, and went on`);
    assert.ok(each.version() > plane.store.compacted(), `${each.path}: it can go on from where it is`);
  }
  assert.deepEqual(
    quiet.map(each => each.seen().length),
    [1, 1, 0],
  );
});

/** The library asks for bookmarks only where the path does. */
const bookmarks = '?allowWatchBookmarks=true';

/** One write of each sort to a collection, now and then. The resourceVersion of the last one. */
async function churn(api: Api, step: number): Promise<number> {
  const at = (number: number): string => `churn-${number % simulated.objects}`;
  succeeded(await api.post(paths.configMaps, configMap(at(step), {step: 'none'})), 201);
  const changed = succeeded(await api.put(`${paths.configMaps}/${at(step)}`, configMap(at(step), {step: `${step}`})));
  // All but one are there from here on.
  if (step >= simulated.objects - 1) succeeded(await api.del(`${paths.configMaps}/${at(step + 1)}`));
  return Number(changed.at('metadata', 'resourceVersion'));
}

/** Sockets are real whereas the clock is not: what is on its way needs a moment. */
async function soon(check: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 10_000; !check(); await sleep(1)) if (Date.now() > end) throw new Error(`in vain: ${what}`);
}

type Followed = {
  readonly path: string;
  readonly errors: readonly unknown[];
  /** How often it asked for a list, and for a watch. */
  lists(): number;
  watches(): number;
  /** The resourceVersion that it would go on from; 0 before it has one. */
  version(): number;
  /** Name and resourceVersion of what it holds. */
  seen(): readonly string[];
};

const versions = (items: readonly KubernetesObject[]): readonly string[] =>
  items.map(({metadata}) => `${metadata?.name} ${metadata?.resourceVersion}`).toSorted();

/** A listener over a plane in this process, which counts the watches that are open. */
async function openEdge(t: TestContext, plane: TestPlane) {
  let open = 0;
  const serving = await servingCertificate('', [], new Date());
  const log = {debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined};
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    certificates: serving,
    log,
    handler: async request => {
      const reply = await plane.handler(request);
      const {body} = reply;
      if (typeof body !== 'function') return reply;
      return {
        ...reply,
        body: sink => {
          open++;
          sink.onClose(() => open--);
          body(sink);
        },
      };
    },
  });
  t.after(() => listener.close());
  const config = configOf(`https://127.0.0.1:${listener.port}/clusters/root:place-1`, serving.ca);
  return {
    open: () => open,
    follow: (apiVersion: string, kind: string, path: string, selector?: string) => follow(t, config, {apiVersion, kind, path, selector}),
  };
}

function configOf(server: string, ca: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    {name: 'plane', server, caData: Buffer.from(ca).toString('base64'), skipTLSVerify: false},
    {name: 'admin', token: users.kcpAdmin},
  );
  return config;
}

type Collection = {readonly apiVersion: string; readonly kind: string; readonly path: string; readonly selector: string | undefined};

function follow(t: TestContext, config: KubeConfig, {apiVersion, kind, path, selector}: Collection): Followed {
  const objects = KubernetesObjectApi.makeApiClient(config);
  const errors: unknown[] = [];
  let lists = 0;
  let watches = 0;
  const list = (): Promise<KubernetesListObject<KubernetesObject>> => {
    lists++;
    return objects.list(
      apiVersion,
      kind,
      path.includes('/namespaces/t/') ? 't' : undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      selector,
    );
  };
  const informer = makeInformer(config, path, list, selector) as ListWatch<KubernetesObject> & Informer<KubernetesObject>;
  informer.on('connect', () => watches++);
  informer.on('error', err => errors.push(err));
  void informer.start();
  t.after(() => informer.stop());
  return {
    path,
    errors,
    lists: () => lists,
    watches: () => watches,
    version: () => Number(informer.latestResourceVersion()),
    seen: () => versions([...informer.list()]),
  };
}
