import assert from 'node:assert/strict';
import type {TestContext} from 'node:test';
import {test} from 'node:test';
import type {Printed} from './fake-world.suite.ts';
import {FakeWorld} from './fake-world.suite.ts';
import {workspace} from './workspace.ts';

const key = {up: '\u001b[A', down: '\u001b[B', right: '\u001b[C', left: '\u001b[D', enter: '\r'};
const forest = {
  'root:a': {spec: {cluster: 'abc'}, type: 'root:organization'},
  'root:a:deep': {},
  'root:gone': {deleting: true},
  'root:m': {spec: {URL: 'https://elsewhere.test', mount: {}}},
  'root:z': {
    bindings: [{metadata: {name: 'b'}, status: {boundResources: [{group: 'example.com', resource: 'widgets'}]}}],
  },
};

type Seen = {readonly screens: string[][]; readonly printed: Printed; readonly closed: number; readonly fake: FakeWorld};

/** Presses the keys one after the other, and keeps what was shown before each. The cursor's line is marked with `>`. */
async function pressing(t: TestContext, keys: readonly string[], at = 'root', rows = 24): Promise<Seen> {
  const fake = new FakeWorld(t, forest, at);
  const screens: string[][] = [];
  let shown: string[] = [];
  let closed = 0;
  async function* presses(): AsyncGenerator<string> {
    for (const each of keys) {
      await new Promise(resolve => setImmediate(resolve));
      screens.push(shown);
      yield each;
    }
  }
  const terminal = {
    keys: presses(),
    size: () => ({columns: 60, rows}),
    show: (lines: readonly string[]) => {
      shown = lines.map(line => line.replace('\u001b[7m', '>').replace('\u001b[27m', ''));
    },
    close: () => {
      closed++;
    },
  };
  const printed = await fake.run((words, world) => workspace(words, {...world, openTerminal: () => terminal}), '-i');
  return {screens, printed, closed, fake};
}

const treeOf = (screen: readonly string[] | undefined): string => (screen ?? []).slice(3, screen?.indexOf('', 3)).join('\n');

test('the root is open, and keys unfold and fold', async t => {
  const {screens, closed, printed} = await pressing(t, [key.down, key.right, 'j', 'h', ' ', 'q']);
  assert.deepEqual(screens.map(treeOf), [
    '>▼ → root\n  ▶ a\n    m [m]\n  ▶ z',
    '▼ → root\n>  ▶ a\n    m [m]\n  ▶ z',
    '▼ → root\n>  ▼ a\n    ▶ deep\n    m [m]\n  ▶ z',
    '▼ → root\n  ▼ a\n>    ▶ deep\n    m [m]\n  ▶ z',
    '▼ → root\n>  ▼ a\n    ▶ deep\n    m [m]\n  ▶ z',
    '▼ → root\n>  ▶ a\n    m [m]\n  ▶ z',
  ]);
  assert.deepEqual([closed, printed], [1, {code: 0, out: '', err: ''}]);
});

test('enter goes there', async t => {
  const {printed, fake} = await pressing(t, [key.down, key.enter]);
  assert.equal(printed.out, "Current workspace is 'root:a' (type root:organization).\n");
  assert.match(fake.config(), /clusters\/root:a\n/);
});

test('the way to the current workspace is open', async t => {
  const {screens} = await pressing(t, ['\u0003'], 'root:a:deep');
  assert.equal(treeOf(screens[0]), '▼ root\n  ▼ a\n>    ▶ → deep\n    m [m]\n  ▶ z');
});

test('mounts are not entered, and the ends are the ends', async t => {
  const {screens} = await pressing(t, [key.up, 'k', key.down, key.down, key.enter, key.right, key.down, key.down, key.left, 'q']);
  assert.equal(treeOf(screens.at(-2)), '▼ → root\n  ▶ a\n    m [m]\n>  ▶ z');
  assert.equal(treeOf(screens.at(-1)), '>▼ → root\n  ▶ a\n    m [m]\n  ▶ z');
});

test('the head and the panel tell about the workspace under the cursor', async t => {
  const {screens} = await pressing(t, [key.down, 'x', key.down, key.down, 'x', 'q']);
  assert.equal(screens[2]?.[1], 'root:a | root:organization | cluster:abc | exports:0 | endpo', 'cut to the width of the screen');
  assert.deepEqual(screens.at(-1), [
    'kcp Workspaces',
    'root:z | root:universal | exports:0 | endpointslices:0 | bin',
    '',
    '▼ → root',
    '  ▶ a',
    '    m [m]',
    '>  ▶ z',
    '',
    'APIBindings (1):',
    '  • b',
    '    └─ widgets.example.com',
    '',
    '↑/↓: navigate  →/←/Space: expand/collapse  q: quit',
    'Press Enter to switch to this workspace',
  ]);
});

test('on a small screen the tree scrolls and lists are clipped', async t => {
  const {screens} = await pressing(t, [key.down, key.down, key.down, 'x', 'q'], 'root', 10);
  const last = screens.at(-1)!;
  assert.equal(last.length, 10);
  assert.ok(last.includes('>  ▶ z') && last.includes('  ...'), last.join('\n'));
});

test('without a terminal it is refused', async t => {
  const printed = await new FakeWorld(t, forest).run(workspace, 'tree', '-i');
  assert.deepEqual(printed, {code: 1, out: '', err: 'Error: interactive mode needs a terminal\n'});
});
