import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import type {Json} from '../api/json.ts';
import {compileJsonPath} from './json-path.ts';

const object: Json = {
  metadata: {name: 'web', labels: {'example.com/a': 'x'}},
  spec: {replicas: 3, big: 2n ** 60n, ports: [{name: 'http', port: 80}, {name: 'https', port: 443}, {port: 9}]},
  status: {
    conditions: [
      {type: 'Ready', status: 'True'},
      {type: 'Synced (all)', status: 'False'},
    ],
    empty: [],
    nothing: null,
  },
};

const cases: readonly [path: string, found: Json[]][] = [
  ['.metadata.name', ['web']],
  ['$.metadata.name', ['web']],
  ["['metadata']['name']", ['web']],
  ['.metadata.labels.example\\.com/a', ['x']],
  [".metadata.labels['example\\.com/a']", ['x']],
  ['.metadata.missing.further', []],
  ['.constructor', []],
  ['.spec.ports[0].name', ['http']],
  ['.spec.ports[-1].port', [9]],
  ['.spec.ports[5].name', []],
  ['.spec.ports[0:2].port', [80, 443]],
  ['.spec.ports[1:].port', [443, 9]],
  ['.spec.ports[:-1].port', [80, 443]],
  ['.spec.ports[::2].port', [80, 9]],
  ['.spec.ports[0,2].port', [80, 9]],
  ['.spec.ports[*].name', ['http', 'https']],
  ['.metadata.labels.*', ['x']],
  ['.status.conditions[?(@.type=="Ready")].status', ['True']],
  [".status.conditions[?(@.type == 'Ready')].status", ['True']],
  ['.status.conditions[?(@.type=="Synced (all)")].status', ['False']],
  ['.status.conditions[?(@.type!="Ready")].type', ['Synced (all)']],
  ['.spec.ports[?(@.port>80)].port', [443]],
  ['.spec.ports[?(@.port<=80)].port', [80, 9]],
  ['.spec.ports[?(@.name)].port', [80, 443]],
  ['.status.conditions[?(@.status==true)].type', []],
  ['..name', ['web', 'http', 'https']],
  ['.spec..port', [80, 443, 9]],
  ['.spec.replicas[0]', []],
  ['.status.empty[*]', []],
  ['.status.nothing', [null]],
  ['.status.nothing.x', []],
  ['.', [object]],
];

for (const [path, found] of cases) test(`path ${path}`, () => assert.deepEqual(compileJsonPath(path)(object), found));

const malformed: readonly [path: string, message: string][] = [
  ['.spec.ports[0', 'unterminated array'],
  ['.spec.ports[a]', 'invalid array index a'],
  ['.spec.ports["a"]', 'invalid array index "a"'],
  ['.spec.ports[?(@.a=="b]', 'unterminated filter'],
  ['.spec.ports[?(@.a=="b")', 'unclosed array expect ]'],
  ['.spec.ports[?(@.a=~"b")]', 'unrecognized filter operator ='],
  ['.spec.ports[?(@.a==="b")]', 'unrecognized filter operator ==='],
  ['.spec.ports[::0]', 'step must be > 0'],
  ['metadata.name', 'unrecognized identifier metadata'],
  ['.a....b', 'invalid multiple recursive descent'],
  ['.a}', 'unrecognized character in action: "}"'],
  [`.${'a'.repeat(2000)}`, 'path is longer than 2000 characters'],
];

for (const [path, message] of malformed) {
  test(`no path: ${path.slice(0, 30)}`, () => assert.throws(() => compileJsonPath(path), {message}));
}

test('work has a limit', () => {
  const wide: Json = {a: Array.from({length: 100_000}, (_, i) => i)};
  assert.deepEqual(compileJsonPath('.a[*]')(wide), []);
  assert.deepEqual(compileJsonPath('..b')(wide), []);
  const nested = Array.from({length: 100}, () => Array.from({length: 100}, () => [1, 2]));
  assert.ok(compileJsonPath('..[*]..[*]')(nested).length <= 20_000);
});

test('any text is a path or an Error with a reason', () => {
  const part = fc.constantFrom('.', '..', '[', ']', '[?(', ')]', '@', '*', '0', '-1', ':', ',', "'", '"', 'a', '\\', '==', '<', ' ', '{');
  fc.assert(
    fc.property(fc.array(part, {maxLength: 12}), parts => {
      try {
        compileJsonPath(parts.join(''))(object);
      } catch (err) {
        assert.equal((err as Error).constructor, Error);
        assert.ok((err as Error).message);
      }
    }),
  );
});
