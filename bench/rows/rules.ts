import {drive, sleep} from '../load.ts';
import {customKind, kindOf, workspace} from '../objects.ts';
import {type Note, type Row, type Settings, watched} from '../row.ts';
import {type Server, startServer} from '../server.ts';
import type {Session} from '../session.ts';
import {noteTimes} from './requests.ts';

/** Custom resources of 6 kB, of a kind with twenty rules in CEL and of one that is the same without them. */
export const rules: Row = {
  name: 'rules',
  about: 'creates of custom resources of 6 kB, without rules in CEL and with 20 of them',
  async run(settings, note) {
    const server = await startServer(settings.folder(), settings.nodeOptions);
    const [maker] = (await server.sessions(1)) as [Session];
    const path = await workspace(maker, 'rules');
    for (const {plural, validations} of kinds) {
      const body = json(customKind(plural, specOf(validations)));
      await maker.ask({method: 'POST', path: `/clusters/${path}/apis/apiextensions.k8s.io/v1/customresourcedefinitions`, body});
    }
    await sleep(1_000);
    for (let i = 0; i < settings.repetitions; i++)
      for (const clients of [1, settings.manyClients])
        for (const kind of kinds) await create(server, settings, note, {kind, clients, round: i, path});
    maker.close();
    await server.stop();
  },
};

type How = {readonly kind: (typeof kinds)[number]; readonly clients: number; readonly round: number; readonly path: string};

async function create(server: Server, settings: Settings, note: Note, {kind, clients, round, path}: How): Promise<void> {
  const {ms, warmMs} = settings;
  const sessions = await server.sessions(Math.min(clients, settings.sessions));
  const title = `create ${kind.title}, ${clients} ${clients === 1 ? 'client' : 'clients'}`;
  const target = `/clusters/${path}/apis/example.com/v1/namespaces/default/${kind.plural}`;
  await watched(server, title, note, async () => {
    const next = (n: number) => ({method: 'POST' as const, path: target, body: json(gadget(kind.plural, `g-${clients}-${round}-${n}`))});
    const measured = await drive({sessions, clients, ms, warmMs, next, expect: 201});
    noteTimes(title, note, measured);
    return measured;
  });
  for (const session of sessions) session.close();
}

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

/** What operators write: bounds that depend on each other, names that are unique, forms of texts, sums. */
const validations = [
  'self.replicas <= self.max',
  'self.min <= self.replicas',
  'self.items.all(i, i.name.size() <= 63)',
  'self.items.all(i, i.port > 0 && i.port < 65536)',
  'self.items.exists(i, i.name == self.main)',
  'self.items.map(i, i.port).sum() < 1000000',
  "self.image.matches('^[a-z0-9./-]+:[a-z0-9.]+$')",
  "self.mode in ['a', 'b', 'c']",
  "self.mode == 'a' ? self.replicas > 0 : true",
  'has(self.items) && self.items.size() > 0',
  "!self.image.startsWith('http')",
  "quantity(self.memory).isGreaterThan(quantity('1Mi'))",
  'self.items.size() <= 64',
  "self.host == '' || self.host.lowerAscii() == self.host",
  'self.labels.all(k, k.size() < 64)',
  "self.labels.all(k, self.labels[k] != '')",
  'self.max - self.min < 100',
  "duration(self.timeout) < duration('1h')",
  'self.items.filter(i, i.port == 80).size() <= 1',
  "self.text.size() < 10000 && !self.text.contains('forbidden')",
].map(rule => ({rule}));

const kinds = [
  {title: '6 kB without rules', plural: 'plains', validations: []},
  {title: '6 kB with 20 rules', plural: 'ruleds', validations},
] as const;

const text = {type: 'string', maxLength: 10_000};
const whole = {type: 'integer', minimum: 0, maximum: 100_000};

const specOf = (rules: readonly object[]): object => ({
  type: 'object',
  properties: {
    ...Object.fromEntries(['main', 'image', 'mode', 'memory', 'host', 'timeout', 'text'].map(name => [name, text])),
    ...Object.fromEntries(['replicas', 'min', 'max'].map(name => [name, whole])),
    labels: {type: 'object', maxProperties: 64, additionalProperties: text},
    items: {type: 'array', maxItems: 64, items: {type: 'object', properties: {name: text, port: whole, note: text}}},
  },
  ...(rules.length > 0 && {'x-kubernetes-validations': rules}),
});

/** About 6 kB. */
const gadget = (plural: string, name: string): object => ({
  apiVersion: 'example.com/v1',
  kind: kindOf(plural),
  metadata: {name},
  spec: {
    ...{main: 'item-0', image: 'registry/app:1.2', mode: 'a', memory: '128Mi', host: '', timeout: '30s', text: 'some words '.repeat(200)},
    ...{replicas: 3, min: 1, max: 9},
    labels: Object.fromEntries(Array.from({length: 20}, (_, i) => [`label-${i}`, `value-${i}`])),
    items: Array.from({length: 30}, (_, i) => ({name: `item-${i}`, port: 1_000 + i, note: 'a note of some length '.repeat(3)})),
  },
});
