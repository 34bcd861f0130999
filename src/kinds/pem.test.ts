import assert from 'node:assert/strict';
import {test} from 'node:test';
import {pemBlocks} from './pem.ts';

const block = (label: string, body: string, headers = ''): string => `-----BEGIN ${label}-----\n${headers}${body}-----END ${label}-----`;
const found = (text: string): string[] =>
  [...pemBlocks(text)].map(({label, hasHeaders, bytes}) => `${label}${hasHeaders ? ' with headers' : ''}: ${bytes.toString()}`);

const texts: readonly [what: string, text: string, blocks: readonly string[]][] = [
  ['nothing', '', []],
  ['words', 'hello', []],
  ['one', block('A', 'eA==\n'), ['A: x']],
  ['one among words', `hello\n${block('A B', 'eHl6\neHl6\n')}\nbye`, ['A B: xyzxyz']],
  ['two', `${block('A', 'eA==\n')}\n${block('B', 'eQ==\n')}\n`, ['A: x', 'B: y']],
  ['line ends of another kind', block('A', 'eA==\r\n').replaceAll('-----\n', '-----\r\n'), ['A: x']],
  ['blanks', block('A', ' e A\t=\n=\n'), ['A: x']],
  ['nothing in it', block('A', ''), ['A: ']],
  ['headers', block('A', '\neA==\n', 'Proc-Type: 4\nx:y\n'), ['A with headers: x']],
  ['headers and nothing in it', block('A', '', 'a: b\n'), ['A with headers: ']],
  ['a beginning within a line', `x${block('A', 'eA==\n')}`, []],
  ['an end of another', `-----BEGIN A-----\neA==\n-----END B-----\n${block('B', 'eQ==\n')}`, ['B: y']],
  ['an end with more behind it', `${block('A', 'eA==\n')}x\n${block('B', 'eQ==\n')}`, ['B: y']],
  ['no end', `-----BEGIN A-----\neA==\n${block('B', 'eQ==\n')}`, ['B: y']],
  ['no base64', `${block('A', 'e%==\n')}\n${block('B', 'e\n')}\n${block('C', 'eA==\n')}`, ['C: x']],
  ['base64 after its end', block('A', 'eA==eA==\n'), []],
  ['a beginning that does not end', '-----BEGIN A\neA==\n-----END A-----', []],
];

for (const [what, text, blocks] of texts) test(`PEM: ${what}`, () => assert.deepEqual(found(text), blocks));

test('texts that look like PEM all over are read in one go', () => {
  const million = 1_000_000;
  const lines = ['-----BEGIN A-----\n', '-----BEGIN A-----\n-----END B-----\n', '-----END A-----\n', 'a: b\n', '-----BEGIN ', '\n'];
  for (const line of lines) {
    const started = performance.now();
    assert.ok(found(`-----BEGIN A-----\n${line.repeat(million / line.length)}`).length <= 1);
    assert.ok(performance.now() - started < 1_000, line);
  }
});
