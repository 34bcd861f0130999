import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import type {Json, JsonObject} from '../../api/json.ts';
import {clone, equal, stringify} from '../../api/json.ts';
import type {FieldSet} from './field-set.ts';
import {difference, pathsOf, readFieldSet, union, withoutBelow} from './field-set.ts';
import {fieldsOf} from './fields-of.ts';
import {printPath} from './path-element.ts';
import {track, widgets, widgetType} from './tracked.suite.ts';

const byName = <T>(values: fc.Arbitrary<T>, ...names: string[]): fc.Arbitrary<{[key: string]: T}> =>
  fc.dictionary(fc.constantFrom(...names), values, {minKeys: 1, noNullPrototype: true});
const small = fc.nat(2);
const word = fc.constantFrom('x', 'y', 'z');
const optional = <T extends {[key: string]: fc.Arbitrary<unknown>}>(fields: T): fc.Arbitrary<JsonObject> =>
  fc.record(fields, {requiredKeys: [], noNullPrototype: true}) as unknown as fc.Arbitrary<JsonObject>;

/** A part of a spec in which nothing is empty: `n` tells the names of its items and keys. */
const specOf = (n: string, ports: number[]): {[key: string]: fc.Arbitrary<unknown>} => ({
  tags: fc.uniqueArray(fc.constantFrom(`${n}1`, `${n}2`, `${n}3`), {minLength: 1}),
  ports: fc.uniqueArray(
    fc.record(
      {port: fc.constantFrom(...ports), name: word, protocol: fc.constantFrom('TCP', 'UDP')},
      {requiredKeys: ['port'], noNullPrototype: true},
    ),
    {selector: item => `${item.port} ${item.protocol ?? 'TCP'}`, minLength: 1},
  ),
  options: byName(word, `${n}a`, `${n}b`, n === 'l' ? '__proto__' : 'rz'),
  raw: byName(fc.oneof(small, byName(small, 'p', 'q')), `${n}c`, `${n}d`),
});
const left = optional({...specOf('l', [1, 2, 3]), replicas: small, args: fc.array(word)});
const right = optional({...specOf('r', [4, 5, 6]), image: word, selector: byName(word, 's', 'q')});
const whole = optional({...specOf('l', [1, 2, 3]), replicas: small, args: fc.array(word), image: word, selector: byName(word, 's', 'q')});

/** Field sets of all entries, in which times do not count. */
const ownership = (tracked: ReturnType<typeof track>): string[] =>
  tracked
    .entries()
    .map(([who, fields]) => `${who.replace(/ (-|t\d+)/, '')} ${stringify(fields)}`)
    .sort();

/** Lists with keys and sets in an order of their own. */
function ordered(content: Json): Json {
  const result = clone(content) as {spec?: {[key: string]: Json}};
  for (const name of ['tags', 'ports']) {
    const list = result.spec?.[name];
    if (Array.isArray(list)) list.sort((a, b) => (stringify(a) < stringify(b) ? -1 : 1));
  }
  return result as Json;
}

test('applying twice is applying once: nothing is written the second time', () => {
  fc.assert(
    fc.property(whole, whole, whole, (first, other, again) => {
      const widget = track(widgets);
      widget.put({manager: 'u'}, {spec: first});
      widget.apply({manager: 'm'}, {spec: other}, true);
      widget.apply({manager: 'm'}, {spec: again}, true);
      const {live, revision} = widget;
      const [before, at] = [stringify(live()), revision()];
      widget.apply({manager: 'm'}, {spec: again});
      assert.equal(stringify(live()), before);
      assert.equal(revision(), at);
    }),
  );
});

test('appliers of different fields do not depend on who comes first, and take nothing from each other', () => {
  fc.assert(
    fc.property(left, right, left, (a, b, later) => {
      const [one, two] = [track(widgets), track(widgets)];
      one.apply({manager: 'a'}, {spec: a});
      one.apply({manager: 'b'}, {spec: b});
      one.apply({manager: 'a'}, {spec: later});
      two.apply({manager: 'b'}, {spec: b});
      two.apply({manager: 'a'}, {spec: a});
      two.apply({manager: 'a'}, {spec: later});
      // A spec that is applied empty stays where nothing else is.
      const filled = (content: Json): Json => ({spec: {}, ...(ordered(content) as JsonObject)});
      assert.ok(equal(filled(one.content()), filled(two.content())), `${stringify(one.content())}\n${stringify(two.content())}`);
      assert.deepEqual(ownership(one), ownership(two));
    }),
  );
});

type Step = {readonly manager: string; readonly spec: JsonObject; readonly how: 'put' | 'apply'};
const step: fc.Arbitrary<Step> = fc.record({manager: fc.constantFrom('a', 'b', 'c'), spec: whole, how: fc.constantFrom('put', 'apply')});

test('whatever happens, every field has an owner, nobody owns what is not there, and sets are in canonical form', () => {
  fc.assert(
    fc.property(fc.array(step, {minLength: 1, maxLength: 6}), steps => {
      const widget = track(widgets);
      for (const {manager, spec, how} of steps) {
        const before = clone(widget.live() ?? {});
        if (how === 'put') widget.put({manager}, {metadata: managed(widget.live()), spec});
        else widget.apply({manager}, {spec}, true);
        const live = widget.live()!;
        let owned: FieldSet = {};
        for (const [, fields] of widget.entries()) {
          assert.equal(stringify(readFieldSet(fields) as Json), stringify(fields));
          owned = union(owned, fields as FieldSet);
        }
        const set = withoutBelow(fieldsOf(widgetType, live), {'f:status': {}});
        const orphans = [...pathsOf(difference(set, owned))].map(printPath).filter(path => path !== '.spec');
        assert.deepEqual(orphans, [], stringify({before, live, how} as Json));
        const leaves = [...pathsOf(difference(owned, set))].filter(path => isLeaf(owned, path)).map(printPath);
        assert.deepEqual(
          leaves.filter(path => /\]|raw\.|options\./.test(path)),
          [],
          stringify({before, live, how} as Json),
        );
      }
    }),
    {numRuns: 300},
  );
});

const managed = (live: JsonObject | undefined): JsonObject => {
  const list = (live?.['metadata'] as JsonObject | undefined)?.['managedFields'];
  return list === undefined ? {} : {managedFields: clone(list)};
};

function isLeaf(set: FieldSet, path: readonly string[]): boolean {
  let at: FieldSet | undefined = set;
  for (const element of path) at = at?.[element];
  return at !== undefined && Object.keys(at).length === 0;
}
