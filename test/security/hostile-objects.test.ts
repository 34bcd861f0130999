/** Small things that ask for much (spec reliability-and-security B5): js-hash, js-stack. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import {configMap, definition, newPlace, paths, succeeded, widgetVersion} from '../support/place.ts';
import {startPlane} from '../support/plane.ts';

const plane = await startPlane();
after(async () => {
  assert.deepEqual(plane.errors, []);
  await plane.stop();
});
const api = await newPlace(plane);
const {configMaps} = paths;

/** How long a ConfigMap with these keys takes, in ms; the better of two. */
async function timeOf(keys: readonly string[]): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 2; round++) {
    const text = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"h"},"data":{${keys.map(key => `"${key}":""`).join(',')}}}`;
    const begun = performance.now();
    const made = await api.post(configMaps, text);
    best = Math.min(best, performance.now() - begun);
    if (made.status === 201) succeeded(await api.del(`${configMaps}/h`));
    else assert.ok(made.status < 500, made.text.slice(0, 300));
  }
  return best;
}

test('js-hash keys made to collide take no longer than others', async t => {
  const count = 5_000;
  const ordinary = Array.from({length: count}, (_, i) => `key-${i * 7_919}`);
  const plain = await timeOf(ordinary);
  const floods: {readonly [what: string]: readonly string[]} = {
    // V8 hashes what looks like an index of an array by its value: these were chosen to fall into the same place.
    'whole numbers': Array.from({length: count}, (_, i) => String(i * 16_384)),
    'numbers from the end': Array.from({length: count}, (_, i) => String(4_294_967_294 - i * 1_024)),
    'numbers far apart': Array.from({length: count}, (_, i) => String(((i + 1) * 104_729) % 4_000_000_000)),
    'the same beginning': Array.from({length: count}, (_, i) => `${'a'.repeat(60)}${i}`),
    'the same end': Array.from({length: count}, (_, i) => `${i}${'a'.repeat(60)}`),
  };
  for (const [what, keys] of Object.entries(floods)) {
    const ms = await timeOf(keys);
    t.diagnostic(`${what}: ${ms.toFixed(0)} ms, others ${plain.toFixed(0)} ms`);
    assert.ok(ms < 10 * plain + 200, `${what}: ${ms} ms, others ${plain} ms`);
  }
});

test('js-stack what nests as deep as it may, and deeper, is answered', async () => {
  // Texts, as JavaScript itself prints nothing so deep.
  const nest = (depth: number, before: string, inner: string, after: string): string =>
    `${before.repeat(depth)}${inner}${after.repeat(depth)}`;
  const mark = '"DEEP"';
  const versions = [widgetVersion('v1', {schema: {openAPIV3Schema: {type: 'object', properties: {spec: 'DEEP'}}}})];
  const body = JSON.stringify(definition('deeps', 'Deep', {versions}));
  for (const depth of [10, 60, 200, 2_000, 20_000])
    for (const schema of [
      nest(depth, '{"type":"object","properties":{"a":', '{"type":"string"}', '}}'),
      nest(depth, '{"type":"array","items":', '{"type":"string"}', '}'),
      nest(depth, '{"type":"object","additionalProperties":', '{"type":"string"}', '}'),
      `{"type":"object","properties":{"a":{"type":"string","allOf":[${nest(depth, '{"allOf":[', '{"maxLength":1}', ']}')}]}}}`,
      `{"type":"string","default":${nest(depth, '[', '1', ']')}}`,
    ]) {
      const {status, text} = await api.post(
        paths.definitions,
        body.replace(mark, () => schema),
      );
      assert.ok(status === 201 || (status >= 400 && status < 500), `${depth}: ${status} ${text.slice(0, 300)}`);
      if (status !== 201) continue;
      succeeded(await api.del(`${paths.definitions}/deeps.example.com`));
      await plane.eventually(async () => (await api.get(`${paths.definitions}/deeps.example.com`)).status === 404);
    }
  // Whatever was taken can be listed, and printed.
  for (const body of [
    configMap('deep', {a: '['.repeat(100_000)}),
    configMap('wide', Object.fromEntries(Array.from({length: 1_000}, (_, i) => [`k${i}`, '{']))),
  ])
    succeeded(await api.post(configMaps, body), 201);
  for (const accept of [
    'application/json',
    'application/yaml',
    'application/vnd.kubernetes.protobuf',
    'application/json;as=Table;g=meta.k8s.io;v=v1',
  ])
    succeeded(await api.get(configMaps, {accept}));
});
