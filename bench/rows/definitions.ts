import {performance} from 'node:perf_hooks';
import {drive, sleep} from '../load.ts';
import {workspace} from '../objects.ts';
import {megabytes, type Note, noteLoop, noteRss, type Row, type Settings} from '../row.ts';
import {type Server, startServer} from '../server.ts';
import type {Request, Session} from '../session.ts';

const kinds = 2_000;
const kindsPerGroup = 20;
const clients = 16;
const changes = 10;
const title = '2,000 definitions';
const settleMs = 2_000;
const tellMs = 50;
const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** A workspace that a provider of a whole cloud fills with kinds, and what clients ask of it at first. */
export const definitions: Row = {
  name: 'definitions',
  about: '2,000 CustomResourceDefinitions made, and discovery of them',
  async run(settings, note) {
    for (let i = 0; i < settings.repetitions; i++) {
      const server = await startServer(settings.folder(), settings.nodeOptions);
      const sessions = await server.sessions(settings.sessions);
      const first = sessions[0] as Session;
      const place = await workspace(first, 'cloud');
      const before = await server.metrics();
      const begun = performance.now();
      const next = (n: number): Request | undefined => (n < kinds ? newDefinition(place, n) : undefined);
      await drive({sessions, clients, ms: Number.POSITIVE_INFINITY, next, expect: 201});
      note(`${title}: time`, 'ms', performance.now() - begun);
      const after = await server.metrics();
      note(`${title}: server cpu of each`, 'µs', ((after.cpuSeconds - before.cpuSeconds) * 1e6) / kinds);
      noteLoop(title, note, after);
      await ask(server, first, discoveryOf(place), note, 'discovery');
      await ask(server, first, {method: 'GET', path: `/clusters/${place}/apis`}, note, 'legacy discovery');
      await ask(server, first, {method: 'GET', path: `/clusters/${place}/openapi/v3`}, note, 'index of OpenAPI');
      const ofGroup = `/clusters/${place}/openapi/v3/apis/group-0.cloud.example.com/v1`;
      await ask(server, first, {method: 'GET', path: ofGroup}, note, 'OpenAPI v3 of 20 kinds');
      await ask(server, first, {method: 'GET', path: `/clusters/${place}/openapi/v2`}, note, 'OpenAPI v2');
      await sleep(settleMs);
      await noteRss(`${title}: RSS`, note, server);
      await oneMore(server, first, place, note);
      await server.stop();
      await startAgain(server.directory, settings, place, note);
    }
  },
};

const discoveryOf = (place: string): Request => ({method: 'GET', path: `/clusters/${place}/apis`, accept: aggregated});

/** What one more definition costs where there are thousands, and what it costs to see it. */
async function oneMore(server: Server, session: Session, place: string, note: Note): Promise<void> {
  for (let n = kinds; n < kinds + changes; n++) {
    const begun = performance.now();
    await size(session, newDefinition(place, n), 201);
    note(`${title}: one more`, 'ms', performance.now() - begun);
    await sleep(tellMs);
    const before = await server.metrics();
    const asked = performance.now();
    await size(session, discoveryOf(place));
    note(`${title}: discovery after one more`, 'ms', performance.now() - asked);
    await sleep(tellMs);
    const after = await server.metrics();
    note(`${title}: event loop delay of discovery after one more`, 'ms', after.loopMaxMs);
    note(`${title}: server cpu of discovery after one more`, 'ms', (after.cpuSeconds - before.cpuSeconds) * 1000);
  }
}

/** A start over the store that holds them, and the first discovery after it. */
async function startAgain(directory: string, settings: Settings, place: string, note: Note): Promise<void> {
  const server = await startServer(directory, settings.nodeOptions);
  note(`${title}: start`, 'ms', server.readyMs);
  const [session] = await server.sessions(1);
  const before = await server.metrics();
  const begun = performance.now();
  await size(session as Session, discoveryOf(place));
  note(`${title}: discovery after a start`, 'ms', performance.now() - begun);
  await sleep(tellMs);
  const after = await server.metrics();
  note(`${title}: event loop delay of discovery after a start`, 'ms', after.loopMaxMs);
  note(`${title}: server cpu of discovery after a start`, 'ms', (after.cpuSeconds - before.cpuSeconds) * 1000);
  await noteRss(`${title}: RSS after a start`, note, server);
  await server.stop();
}

/** The first time, when all of it has to be made, and the times after that. */
async function ask(server: Server, session: Session, request: Request, note: Note, what: string): Promise<void> {
  for (const when of ['cold', 'warm', 'warm', 'warm']) {
    const before = await server.metrics();
    const begun = performance.now();
    const bytes = await size(session, request);
    note(`${title}: ${when} ${what}`, 'ms', performance.now() - begun);
    if (when === 'cold') note(`${title}: size of ${what}`, 'MB', megabytes(bytes));
    // A delay is told when it is over.
    await sleep(tellMs);
    const {loopMaxMs, cpuSeconds} = await server.metrics();
    if (when !== 'cold') continue;
    note(`${title}: event loop delay of cold ${what}`, 'ms', loopMaxMs);
    note(`${title}: server cpu of cold ${what}`, 'ms', (cpuSeconds - before.cpuSeconds) * 1000);
  }
}

const size = (session: Session, request: Request, expect = 200): Promise<number> =>
  new Promise((resolve, reject) => {
    session.send(request, {
      ended: (status, bytes) => (status === expect ? resolve(bytes) : reject(new Error(`${request.path} was answered with ${status}`))),
      failed: reject,
    });
  });

/** A definition of some 6 kB: two dozen fields with their descriptions, as they come out of generators. */
function newDefinition(place: string, n: number): Request {
  const group = `group-${Math.floor(n / kindsPerGroup)}.cloud.example.com`;
  const plural = `resource${n}s`;
  const fields = Array.from({length: 24}, (_, i) => [
    `field${i}`,
    i % 6 === 0
      ? {
          type: 'object',
          properties: {name: {type: 'string', description: `The name of part ${i}.`}, policy: {type: 'string', enum: ['Keep', 'Drop']}},
        }
      : {
          type: i % 2 ? 'string' : 'integer',
          description: `What field ${i} of resource ${n} means, and how the provider of the cloud reads it.`,
        },
  ]);
  const part = (description: string) => ({type: 'object', description, properties: Object.fromEntries(fields)});
  const schema = {type: 'object', properties: {spec: part('What is wanted.'), status: part('What there is.')}};
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {name: `${plural}.${group}`},
    spec: {
      group,
      scope: 'Cluster',
      names: {plural, kind: `Resource${n}`, categories: ['cloud'], shortNames: [`r${n}`]},
      versions: [{name: 'v1', served: true, storage: true, schema: {openAPIV3Schema: schema}, subresources: {status: {}}}],
    },
  };
  return {
    method: 'POST',
    path: `/clusters/${place}/apis/apiextensions.k8s.io/v1/customresourcedefinitions`,
    body: Buffer.from(JSON.stringify(crd)),
  };
}
