import assert from 'node:assert/strict';
import {existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, describe, test} from 'node:test';
import type {SealingPlan} from '../storage/sealing/sealer.ts';
import {encryptionOf} from './encryption.ts';
import type {Log} from './log.ts';

const top = mkdtempSync(join(tmpdir(), 'kcp-ts-encryption-'));
after(() => rmSync(top, {recursive: true}));

const chance = {bytes: (count: number) => new Uint8Array(count).fill(7)};
const configOf = (name: string): string =>
  JSON.stringify({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [{resources: ['secrets'], providers: [{aesgcm: {keys: [{name, secret: 'c2VjcmV0IGlzIHNlY3VyZQ=='}]}}]}],
  });

/** A log, timers and a store of which everything is noted. */
function surroundings(
  answer: () => {changed: number; unreadable: number; traces: boolean} = () => ({changed: 0, unreadable: 0, traces: false}),
) {
  const said: string[] = [];
  const say = (message: string, fields?: object): void => void said.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = {debug: say, info: say, warn: say, error: say};
  const plans: SealingPlan[] = [];
  let due: (() => void) | undefined;
  return {
    said,
    plans,
    log,
    world: {
      after(_: number, callback: () => void) {
        due = callback;
        return () => {
          due = undefined;
        };
      },
      turn: async () => {},
    },
    store: {
      async reseal(plan: SealingPlan) {
        plans.push(plan);
        return answer();
      },
    },
    /** Lets the next look at the file happen, if there is to be one. */
    async look() {
      const callback = due;
      due = undefined;
      callback?.();
      await new Promise(resolve => setImmediate(resolve));
      return callback !== undefined;
    },
  };
}

const names = (plans: readonly SealingPlan[]): readonly unknown[] => plans.map(plan => plan.rules[0]?.with?.name);

describe('encryption', () => {
  test('the first start makes a key, and writes it only when it is told to; the next ones read it', () => {
    const rootDirectory = mkdtempSync(join(top, 'root-'));
    const flags = {rootDirectory, encryptionProviderConfig: '', encryptionProviderConfigAutomaticReload: false};
    const file = join(rootDirectory, 'encryption.json');
    const {log, said} = surroundings();
    const first = encryptionOf(flags, chance);
    assert.equal(existsSync(file), false);
    assert.deepEqual(first.plan.rules, [{range: '/core/secrets/', with: {name: 'key1', secret: new Uint8Array(32).fill(7)}}]);
    first.save(log);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.match(said.join(), /a key was made that Secrets are sealed with/);
    assert.ok(!said.join().includes(Buffer.from(new Uint8Array(32).fill(7)).toString('base64')));
    const later = encryptionOf(flags, {bytes: count => new Uint8Array(count)});
    assert.deepEqual(later.plan, first.plan);
    const before = readFileSync(file, 'utf8');
    later.save(log);
    assert.equal(readFileSync(file, 'utf8'), before);
  });

  const given = (reload: boolean): {readonly file: string; readonly flags: Parameters<typeof encryptionOf>[0]} => {
    const rootDirectory = mkdtempSync(join(top, 'root-'));
    const file = join(rootDirectory, 'given.yaml');
    writeFileSync(file, configOf('a'));
    return {file, flags: {rootDirectory, encryptionProviderConfig: file, encryptionProviderConfigAutomaticReload: reload}};
  };

  test('a file that a flag names is read again only where that is asked for', async () => {
    for (const reload of [false, true]) {
      const {file, flags} = given(reload);
      const around = surroundings();
      const end = encryptionOf(flags, chance).keep(around.store, around.world, around.log);
      assert.equal(existsSync(join(flags.rootDirectory, 'encryption.json')), false);
      writeFileSync(file, configOf('b'));
      assert.equal(await around.look(), reload);
      assert.deepEqual(names(around.plans), reload ? ['a', 'b'] : ['a']);
      end();
      assert.equal(await around.look(), false);
    }
  });

  test('a file that becomes unfit is told of once, without its words, and what was goes on', async () => {
    const {file, flags} = given(true);
    const around = surroundings();
    encryptionOf(flags, chance).keep(around.store, around.world, around.log);
    writeFileSync(file, 'secret: [c2VjcmV0');
    for (let i = 0; i < 3; i++) await around.look();
    rmSync(file);
    for (let i = 0; i < 3; i++) await around.look();
    assert.deepEqual(names(around.plans), ['a']);
    assert.equal(around.said.length, 2, around.said.join('\n'));
    assert.match(around.said[0] as string, /unfit.*neither YAML nor JSON/);
    assert.match(around.said[1] as string, /unfit.*ENOENT/);
    assert.doesNotMatch(around.said.join(), /c2VjcmV0/);
    writeFileSync(file, configOf('c'));
    await around.look();
    assert.deepEqual(names(around.plans), ['a', 'c']);
  });

  test('what came of it is told', async () => {
    const outcomes = [
      [{changed: 3, unreadable: 0, traces: false}, /sealed as configured; former keys are no longer needed \{"changed":3,"keys":"a"\}/],
      [{changed: 3, unreadable: 1, traces: false}, /cannot be opened; the keys of before are still needed \{"changed":3,"unreadable":1\}/],
      [{changed: 0, unreadable: 0, traces: true}, /VACUUM it to be sure/],
    ] as const;
    for (const [outcome, words] of outcomes) {
      const around = surroundings(() => outcome);
      encryptionOf(given(false).flags, chance).keep(around.store, around.world, around.log);
      await new Promise(resolve => setImmediate(resolve));
      assert.match(around.said.join('\n'), words);
    }
  });

  test('a configuration that cannot be used ends the start and names its file', () => {
    const {file, flags} = given(false);
    for (const [text, words] of [
      ['', /given\.yaml: it is empty$/],
      ['a: b: c', /given\.yaml: it is neither YAML nor JSON \(line 1\)$/],
      [
        configOf('').replace('secrets', 'Secrets'),
        /given\.yaml: \[resources\[0\]\.resources\[0\]: Invalid value: "Secrets".*, resources\[0\]\.providers/,
      ],
    ] as const) {
      writeFileSync(file, text);
      assert.throws(() => encryptionOf(flags, chance), words);
    }
  });
});
