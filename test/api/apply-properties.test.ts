/** What server-side apply promises whatever is written, asked of the server itself (spec kubernetes-api 5; the rules one by one: src/merge/apply). */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import fc from 'fast-check';
import type {Json, JsonObject} from '../../src/api/json.ts';
import {equal, isObject, stringify} from '../../src/api/json.ts';
import {configMap as configMapKind} from '../../src/kinds/config-map.ts';
import type {FieldSet} from '../../src/merge/apply/field-set.ts';
import {difference, pathsOf, union} from '../../src/merge/apply/field-set.ts';
import type {MapType} from '../../src/merge/apply/field-type.ts';
import {fieldTypeOf} from '../../src/merge/apply/field-type.ts';
import {fieldsOf} from '../../src/merge/apply/fields-of.ts';
import {printPath} from '../../src/merge/apply/path-element.ts';
import type {JsonSchema} from '../../src/schema/json-schema.ts';
import type {Answer} from '../support/api-client.ts';
import {definition, newPlace, paths, succeeded, widgetVersion} from '../support/place.ts';
import {startPlane} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const api = await newPlace(plane);

const text: JsonSchema = {type: 'string'};
const object = (properties: {[name: string]: JsonSchema}, more: JsonSchema = {}): JsonSchema => ({type: 'object', properties, ...more});
const list = (items: JsonSchema, more: JsonSchema = {}): JsonSchema => ({type: 'array', items, ...more});
const texts: JsonSchema = {type: 'object', additionalProperties: text};
const gadgetSchema = object({
  spec: object({
    size: {type: 'integer'},
    image: text,
    args: list(text),
    tags: list(text, {'x-kubernetes-list-type': 'set'}),
    ports: list(object({port: {type: 'integer'}, name: text, labels: texts}, {required: ['port']}), {
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['port'],
    }),
    selector: object({s: text, q: text}, {'x-kubernetes-map-type': 'atomic'}),
    options: texts,
    deep: object({a: text, inner: object({b: text, c: text, list: list(text, {'x-kubernetes-list-type': 'set'})})}),
  }),
  status: object({phase: text, seen: texts}),
});
succeeded(
  await api.post(
    paths.definitions,
    definition('gadgets', 'Gadget', {versions: [widgetVersion('v1', {schema: {openAPIV3Schema: gadgetSchema}})]}),
  ),
  201,
);

/** A kind under test: where its objects are, how they are typed, and its parts: `whole`, and two that share no field. */
type Subject = {
  readonly path: string;
  readonly type: MapType;
  readonly head: {readonly apiVersion: string; readonly kind: string};
  /** PUT needs a resourceVersion. */
  readonly versioned: boolean;
  readonly whole: fc.Arbitrary<JsonObject>;
  readonly left: fc.Arbitrary<JsonObject>;
  readonly right: fc.Arbitrary<JsonObject>;
};

type Fields = {readonly [name: string]: fc.Arbitrary<unknown>};
const some = (fields: Fields): fc.Arbitrary<JsonObject> =>
  fc.record(fields, {requiredKeys: [], noNullPrototype: true}) as unknown as fc.Arbitrary<JsonObject>;
const someOf = (fields: Fields): fc.Arbitrary<JsonObject> => some(fields).filter(found => Object.keys(found).length > 0);
const word = fc.constantFrom('x', 'y', 'z');
const words = (...keys: string[]): fc.Arbitrary<JsonObject> => someOf(Object.fromEntries(keys.map(key => [key, word])));
const setOf = (...items: string[]): fc.Arbitrary<string[]> => fc.uniqueArray(fc.constantFrom(...items), {minLength: 1});
const portsOf = (...ports: number[]): fc.Arbitrary<unknown[]> =>
  fc.uniqueArray(
    fc.record({port: fc.constantFrom(...ports), name: word, labels: words('l', 'm')}, {requiredKeys: ['port'], noNullPrototype: true}),
    {
      selector: item => item.port,
      minLength: 1,
    },
  );
const side = (n: string, ...ports: number[]): Fields => ({
  tags: setOf(`${n}1`, `${n}2`),
  ports: portsOf(...ports),
  options: words(`${n}a`, `${n}b`),
});
const leftOnly: Fields = {
  size: fc.nat(2),
  args: fc.array(word, {minLength: 1}),
  deep: someOf({a: word, inner: someOf({b: word, list: setOf('l1', 'l2')})}),
};
const rightOnly: Fields = {image: word, selector: words('s', 'q'), deep: someOf({inner: someOf({c: word, list: setOf('r1', 'r2')})})};
const deep = someOf({a: word, inner: someOf({b: word, c: word, list: setOf('l1', 'l2', 'r1')})});
const spec = (fields: Fields): fc.Arbitrary<JsonObject> => some({spec: someOf(fields), metadata: some({labels: words('one', 'two')})});
const specLeft = some({spec: someOf({...side('l', 1, 2), ...leftOnly}), metadata: some({labels: words('left')})});
const specRight = some({spec: someOf({...side('r', 3, 4), ...rightOnly}), metadata: some({annotations: words('right')})});

const gadgets: Subject = {
  path: '/apis/example.com/v1/namespaces/t/gadgets',
  type: fieldTypeOf(gadgetSchema, true),
  head: {apiVersion: 'example.com/v1', kind: 'Gadget'},
  versioned: true,
  whole: spec({...side('l', 1, 2, 3), ...leftOnly, image: word, selector: words('s', 'q'), deep}),
  left: specLeft,
  right: specRight,
};
const bytes = fc.constantFrom('eA==', 'eQ==');
const configMaps: Subject = {
  path: paths.configMaps,
  type: fieldTypeOf(configMapKind.schema, false),
  head: {apiVersion: 'v1', kind: 'ConfigMap'},
  versioned: false,
  whole: some({data: words('a', 'b', 'c'), binaryData: someOf({d: bytes, e: bytes}), metadata: some({labels: words('one', 'two')})}),
  left: some({data: words('a', 'b'), metadata: some({labels: words('left')})}),
  right: some({data: words('c', 'd'), binaryData: someOf({e: bytes}), metadata: some({annotations: words('right')})}),
};

let count = 0;
const nextName = (): string => `o${count++}`;
const yaml = {'content-type': 'application/apply-patch+yaml'};

function bodyOf(subject: Subject, name: string, content: JsonObject, metadata: JsonObject = {}): JsonObject {
  const own = isObject(content['metadata']) ? content['metadata'] : {};
  return {...subject.head, ...content, metadata: {...metadata, ...own, name}};
}

const apply = (subject: Subject, name: string, manager: string, content: JsonObject, force = true): Promise<Answer> =>
  api.patch(`${subject.path}/${name}?fieldManager=${manager}${force ? '&force=true' : ''}`, bodyOf(subject, name, content), yaml);

async function read(subject: Subject, name: string): Promise<JsonObject> {
  return JSON.parse(succeeded(await api.get(`${subject.path}/${name}`)).text) as JsonObject;
}

type Entry = {readonly manager: string; readonly operation: string; readonly subresource?: string; readonly fieldsV1: FieldSet};
const entriesOf = (live: JsonObject): readonly Entry[] =>
  ((live['metadata'] as JsonObject)['managedFields'] as unknown as readonly Entry[] | undefined) ?? [];
const versionOf = (live: JsonObject): unknown => (live['metadata'] as JsonObject)['resourceVersion'];

/** Who owns what, times aside. */
const ownership = (live: JsonObject): string[] =>
  entriesOf(live)
    .map(({manager, operation, fieldsV1}) => `${manager} ${operation} ${stringify(fieldsV1 as Json)}`)
    .sort();

/** What clients wrote, sets and lists with keys in an order of their own. */
function contentOf(live: JsonObject): Json {
  const {metadata, apiVersion: _, kind: __, ...rest} = structuredClone(live);
  const {labels = {}, annotations} = metadata as {labels?: Json; annotations: {[key: string]: Json}};
  delete annotations['kcp.io/cluster'];
  const of = rest as {spec?: {tags?: Json[]; ports?: Json[]; deep?: {inner?: {list?: Json[]}}}};
  for (const found of [of.spec?.tags, of.spec?.ports, of.spec?.deep?.inner?.list])
    found?.sort((a, b) => (stringify(a) < stringify(b) ? -1 : 1));
  return {...rest, labels, annotations};
}

const leavesOf = (set: FieldSet): string[][] => [...pathsOf(set)].filter(path => isLeaf(set, path)).map(path => [...path]);
function isLeaf(set: FieldSet, path: readonly string[]): boolean {
  let at: FieldSet | undefined = set;
  for (const element of path) at = at?.[element];
  return at !== undefined && Object.keys(at).length === 0;
}
const shown = (set: FieldSet): string[] => leavesOf(set).map(printPath);

/** The fields of an object that clients can set. */
function fieldsIn(subject: Subject, live: JsonObject): FieldSet {
  const {labels, annotations} = live['metadata'] as JsonObject;
  const {'kcp.io/cluster': _, ...others} = (annotations ?? {}) as JsonObject;
  const metadata: JsonObject = {...(labels !== undefined && {labels}), ...(Object.keys(others).length > 0 && {annotations: others})};
  return fieldsOf(subject.type, {...live, metadata});
}

type Step = {readonly how: 'apply' | 'soft apply' | 'put' | 'merge' | 'status'; readonly manager: string; readonly content: JsonObject};
/** Keeps objects tracked from the start. */
const seed: JsonObject = {metadata: {labels: {base: 'x'}}};
const managers = fc.constantFrom('a', 'b', 'c');

async function take(subject: Subject, name: string, {how, manager, content}: Step): Promise<Answer> {
  const target = `${subject.path}/${name}`;
  const by = `?fieldManager=${manager}`;
  switch (how) {
    case 'apply':
      return apply(subject, name, manager, content);
    case 'soft apply':
      return apply(subject, name, manager, content, false);
    case 'merge':
      return api.patch(target + by, bodyOf(subject, name, content));
    case 'status':
      return api.patch(`${target}/status${by}&force=true`, bodyOf(subject, name, {status: content}), yaml);
    case 'put': {
      const live = await read(subject, name);
      const {managedFields, resourceVersion} = live['metadata'] as JsonObject;
      return api.put(
        target + by,
        bodyOf(subject, name, content, {
          ...(managedFields !== undefined && {managedFields}),
          ...(subject.versioned && {resourceVersion}),
        } as JsonObject),
      );
    }
  }
}

const runs = {numRuns: 25};

for (const [title, subject] of Object.entries({'a custom resource': gadgets, 'a ConfigMap': configMaps})) {
  const hows: readonly Step['how'][] = ['apply', 'soft apply', 'put', 'merge', ...(subject === gadgets ? (['status'] as const) : [])];
  const step: fc.Arbitrary<Step> = fc.constantFrom(...hows).chain(how =>
    fc.record({
      how: fc.constant(how),
      manager: managers,
      content: how === 'status' ? some({phase: word, seen: words('s', 't')}) : subject.whole,
    }),
  );
  const steps = fc.array(step, {maxLength: 5});

  test(`applying to ${title} twice writes once`, async () => {
    await fc.assert(
      fc.asyncProperty(steps, managers, subject.whole, async (before, manager, content) => {
        const name = nextName();
        succeeded(await apply(subject, name, 'first', seed), 201);
        for (const one of before) await take(subject, name, one);
        const once = succeeded(await apply(subject, name, manager, content));
        for (const force of [true, false]) assert.equal(succeeded(await apply(subject, name, manager, content, force)).text, once.text);
        assert.equal(versionOf(await read(subject, name)), once.at('metadata', 'resourceVersion'));
      }),
      runs,
    );
  });

  test(`appliers of different fields of ${title} may come in any order`, async () => {
    await fc.assert(
      fc.asyncProperty(subject.left, subject.right, subject.left, subject.right, async (left, right, leftLater, rightLater) => {
        const [one, two] = [nextName(), nextName()];
        const inOrder = async (name: string, writes: readonly (readonly [string, JsonObject])[]): Promise<void> => {
          for (const [manager, content] of writes) {
            const answer = await apply(subject, name, manager, content, false);
            assert.ok(answer.status === 200 || answer.status === 201, answer.text);
          }
        };
        await inOrder(one, [
          ['l', left],
          ['r', right],
          ['l', leftLater],
          ['r', rightLater],
        ]);
        await inOrder(two, [
          ['r', right],
          ['r', rightLater],
          ['l', left],
          ['l', leftLater],
        ]);
        const [first, second] = [await read(subject, one), await read(subject, two)];
        assert.ok(equal(contentOf(first), contentOf(second)), `${stringify(contentOf(first))}\n${stringify(contentOf(second))}`);
        assert.deepEqual(ownership(first), ownership(second));
      }),
      runs,
    );
  });

  test(`every field of ${title} has an owner, and goes with the last of them`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, {minLength: 1, maxLength: 6}), async all => {
        const name = nextName();
        succeeded(await apply(subject, name, 'first', seed), 201);
        for (const one of all) {
          const before = await read(subject, name);
          // What nobody owns is not tracked before the next apply.
          if (entriesOf(before).length === 0 && !one.how.endsWith('apply')) continue;
          const answer = await take(subject, name, one);
          const live = await read(subject, name);
          const told = `${stringify(one as unknown as Json)}\n${stringify(before)}\n${stringify(live)}`;
          if (answer.status === 409 && one.how === 'soft apply') {
            assert.equal(versionOf(live), versionOf(before), 'a conflict changes nothing');
            continue;
          }
          succeeded(answer);
          const fields = fieldsIn(subject, live);
          const owned = entriesOf(live).reduce<FieldSet>((sum, entry) => union(sum, entry.fieldsV1), {});
          assert.deepEqual(shown(difference(fields, owned)), [], `fields without an owner\n${told}`);
          const known = new Set([...pathsOf(fields)].map(printPath));
          const missing = shown(owned).filter(path => !known.has(path) && !isContainer(path));
          assert.deepEqual(missing, [], `fields that are owned and not there\n${told}`);
          if (one.how === 'apply' || one.how === 'soft apply') {
            const left = abandoned(subject, before, one).filter(path => known.has(path));
            assert.deepEqual(left, [], `fields that their only owner left, and that stayed\n${told}`);
          }
        }
      }),
      runs,
    );
  });
}

/** Whoever applies an empty struct or map owns it; it goes with the last thing in it all the same. */
const isContainer = (path: string): boolean => /\.(spec|status|deep|inner|options|seen|labels|annotations|data|binaryData)$/.test(path);

/** The fields that only this manager's apply owned, and that it now leaves out. */
function abandoned(subject: Subject, before: JsonObject, {manager, content}: Step): string[] {
  const isMine = (entry: Entry): boolean => entry.manager === manager && entry.operation === 'Apply' && entry.subresource === undefined;
  const mine = entriesOf(before)
    .filter(isMine)
    .reduce<FieldSet>((sum, entry) => union(sum, entry.fieldsV1), {});
  const others = entriesOf(before)
    .filter(entry => !isMine(entry))
    .reduce<FieldSet>((sum, entry) => union(sum, entry.fieldsV1), {});
  const wanted = fieldsOf(subject.type, bodyOf(subject, 'x', content));
  return shown(difference(difference(mine, others), wanted));
}
