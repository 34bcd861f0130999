import assert from 'node:assert/strict';
import {test} from 'node:test';
import {parse} from 'yaml';
import {runCommand} from './command.ts';
import {createWorkspace} from './create.ts';
import {FakeWorld} from './fake-world.suite.ts';
import {workspace} from './workspace.ts';
import type {World} from './world.ts';

const create = (words: readonly string[], world: World): Promise<number> => runCommand(createWorkspace, words, world);
const team = 'Workspace "team" (type root:universal)';

/** A server on which new workspaces are ready after `readyMs`. */
function slowly(fake: FakeWorld, readyMs: number): FakeWorld {
  fake.onSleep = now => {
    for (const each of fake.tree.values()) if (now >= readyMs) each.phase = 'Ready';
  };
  return fake;
}

test('a new workspace is waited for', async t => {
  const fake = slowly(new FakeWorld(t, {}), 2000);
  assert.deepEqual(await fake.run(create, 'team'), {
    code: 0,
    out: `${team} created. Waiting for it to be ready...\n${team} is ready to use.\n`,
    err: '',
  });
  assert.ok(fake.nowMs < 2600, `waited ${fake.nowMs} ms`);
});

test('one that never gets ready is given up after a minute', async t => {
  const fake = slowly(new FakeWorld(t, {}), Number.POSITIVE_INFINITY);
  const printed = await fake.run(create, 'team');
  assert.equal(printed.code, 1);
  assert.equal(printed.err, 'Error: timed out waiting for workspace "team" to be ready, its phase is Scheduling\n');
  assert.ok(fake.nowMs >= 60_000 && fake.nowMs < 62_000);
});

test('--enter goes there', async t => {
  const fake = slowly(new FakeWorld(t, {}), 0);
  const printed = await fake.run(create, 'team', '--enter', '--type=root:Organization');
  assert.match(printed.out, /\nCurrent workspace is 'root:team' \(type root:organization\)\.\n$/);
  assert.match(fake.config(), /clusters\/root:team\n/);
});

test('--workspace says below which', async t => {
  const fake = slowly(new FakeWorld(t, {'root:org': {}}), 0);
  await fake.run(create, '-w', 'org', 'team');
  assert.ok(fake.tree.has('root:org:team'));
});

test('--location-selector becomes a label selector', async t => {
  const fake = slowly(new FakeWorld(t, {}), 0);
  await fake.run(create, 'team', '--location-selector', 'region=eu, tier in (b,a),!old');
  assert.deepEqual(fake.tree.get('root:team')?.spec?.['location'], {
    selector: {
      matchLabels: {region: 'eu'},
      matchExpressions: [
        {key: 'tier', operator: 'In', values: ['a', 'b']},
        {key: 'old', operator: 'DoesNotExist'},
      ],
    },
  });
});

test('existing ones', async t => {
  const fake = new FakeWorld(t, {'root:team': {}});
  assert.equal((await fake.run(create, 'team')).err, 'Error: workspaces.tenancy.kcp.io "team" already exists\n');
  assert.equal((await fake.run(create, 'team', '--ignore-existing')).out, `${team} already exists.\n${team} is ready to use.\n`);
  assert.equal(
    (await fake.run(create, 'team', '--ignore-existing', '--type', 'root:organization')).err,
    'Error: workspace "team" cannot be created with type root:organization, it already exists with different type root:universal\n',
  );
  assert.equal(
    (await fake.run(create, 'team', '--ignore-existing', '--type', 'organization')).err,
    'Error: --ignore-existing must not be used with non-absolute type path\n',
  );
});

test('--create-context adds a context and stays, unless --enter', async t => {
  const fake = new FakeWorld(t, {'root:team': {}});
  const currentOf = (): string => (parse(fake.config()) as {'current-context': string})['current-context'];
  const words = ['team', '--ignore-existing', '--create-context', 'mine'];
  assert.match((await fake.run(create, ...words)).out, /\nCreated context "mine"\.\n$/);
  assert.equal(currentOf(), 'base');
  assert.match((await fake.run(create, ...words, '--enter')).out, /\nUpdated context "mine" and switched to it\.\n$/);
  assert.equal(currentOf(), 'mine');
  assert.match(fake.config(), /server: https:\/\/kcp\.test:6443\/clusters\/root:team\n/);
});

test('ws create still works, and says what to use instead', async t => {
  const fake = slowly(new FakeWorld(t, {}), 0);
  const printed = await fake.run(workspace, 'create', 'team');
  assert.equal(printed.code, 0);
  assert.equal(
    printed.err,
    'Command "create" is deprecated, install the \'kubectl create workspace\' plugin instead, compare https://docs.kcp.io/kcp/latest/setup/kubectl-plugin/.\n',
  );
});

test('bad command lines', async t => {
  const fake = new FakeWorld(t, {});
  const cases = {
    '': 'accepts 1 arg(s), received 0',
    'a b': 'accepts 1 arg(s), received 2',
    'a --type': 'flag needs an argument: --type',
    'a --location-selector =': 'invalid location selector: couldn\'t parse the selector string "=": unable to parse requirement "="',
  };
  for (const [words, text] of Object.entries(cases))
    assert.deepEqual(await fake.run(create, ...words.split(' ').filter(Boolean)), {code: 1, out: '', err: `Error: ${text}\n`});
});
