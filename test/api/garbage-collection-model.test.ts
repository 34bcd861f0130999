/** However objects own each other and go, what is left at the end is what a slow and obvious model says. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import fc from 'fast-check';
import {ownedBy} from '../support/owners.ts';
import {configMap, newPlace, paths, succeeded, widget} from '../support/place.ts';
import {inProcess, startPlane} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());

const size = 8;
type Edge = {readonly from: number; readonly to: number; readonly blocking: boolean};
type Act = {readonly policy: 'Background' | 'Foreground' | 'Orphan'; readonly which: readonly number[]};
type Case = {readonly edges: readonly Edge[]; readonly ghosts: readonly number[]; readonly acts: readonly Act[]};

const node = fc.nat({max: size - 1});
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({policy: fc.constantFrom('Background', 'Foreground'), which: fc.uniqueArray(node, {minLength: 1, maxLength: 3})}),
  // Deletions that orphan give other results than those that do not, so that only one at a time has a certain outcome.
  fc.record({policy: fc.constant('Orphan'), which: fc.tuple(node)}),
);
const anyCase: fc.Arbitrary<Case> = fc.record({
  edges: fc.uniqueArray(fc.record({from: node, to: node, blocking: fc.boolean()}), {
    maxLength: 14,
    selector: ({from, to}) => `${from} ${to}`,
  }),
  ghosts: fc.uniqueArray(node, {maxLength: 2}),
  acts: fc.array(act, {minLength: 1, maxLength: 4}),
});

/** What is there: every object with its owners. */
type Model = Map<string, Set<string>>;

function collectIn(model: Model): void {
  for (let changed = true; changed; ) {
    changed = false;
    for (const [name, owners] of model) {
      const alive = [...owners].filter(owner => model.has(owner));
      if (alive.length === owners.size) continue;
      changed = true;
      if (alive.length === 0) model.delete(name);
      else model.set(name, new Set(alive));
    }
  }
}

function actOn(model: Model, {policy, which}: Act): void {
  for (const i of which) {
    model.delete(`n${i}`);
    if (policy === 'Orphan') for (const owners of model.values()) owners.delete(`n${i}`);
  }
  collectIn(model);
}

const isCustom = (i: number): boolean => i % 3 === 2;
const pathOf = (i: number): string => `${isCustom(i) ? paths.widgets : paths.configMaps}/n${i}`;

test('a random graph of owners', {...inProcess, timeout: 120_000}, async () => {
  await fc.assert(
    fc.asyncProperty(anyCase, async ({edges, ghosts, acts}) => {
      const api = await newPlace(plane);
      const answers = await Promise.all(
        Array.from({length: size}, async (_, i) =>
          succeeded(
            await api.post(isCustom(i) ? paths.widgets : paths.configMaps, isCustom(i) ? widget(`n${i}`) : configMap(`n${i}`)),
            201,
          ),
        ),
      );
      const model: Model = new Map(answers.map((_, i) => [`n${i}`, new Set<string>()]));
      for (const [i, answer] of answers.entries()) {
        const owners = edges
          .filter(edge => edge.to === i)
          .map(({from, blocking}) => ownedBy(answers[from] as typeof answer, {blockOwnerDeletion: blocking}));
        const ghost = ghosts.includes(i) ? [{apiVersion: 'v1', kind: 'Secret', name: 'ghost', uid: 'no-such-uid'}] : [];
        if (owners.length + ghost.length === 0) continue;
        for (const {from} of edges.filter(edge => edge.to === i)) model.get(`n${i}`)?.add(`n${from}`);
        if (ghost.length > 0) model.get(`n${i}`)?.add('ghost');
        // What was collected already because of a ghost cannot be written any more.
        await api.patch(pathOf(i), {metadata: {ownerReferences: [...owners, ...ghost]}});
      }
      collectIn(model);
      const check = async (): Promise<void> => {
        for (const i of answers.keys()) {
          const answer = await api.get(pathOf(i));
          const expected = model.get(`n${i}`);
          assert.equal(answer.status, expected ? 200 : 404, `n${i}`);
          if (!expected) continue;
          const owners = (answer.at('metadata', 'ownerReferences') ?? []) as readonly {name: string}[];
          assert.deepEqual(owners.map(owner => owner.name).sort(), [...expected].sort(), `n${i}`);
          assert.equal(answer.at('metadata', 'deletionTimestamp'), undefined);
        }
      };
      await plane.eventually(check);
      for (const one of acts) {
        await Promise.all(one.which.map(i => api.del(pathOf(i), {propagationPolicy: one.policy})));
        actOn(model, one);
        await plane.eventually(check);
      }
      assert.deepEqual(plane.errors, []);
    }),
    {numRuns: 60},
  );
});
