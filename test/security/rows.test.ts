import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {notConcerned, rows} from './rows.ts';

const top = join(import.meta.dirname, '..', '..');
const walk = (dir: string): string[] =>
  readdirSync(dir, {withFileTypes: true}).flatMap(entry => (entry.isDirectory() ? walk(join(dir, entry.name)) : [join(dir, entry.name)]));

/** The title of a test or subtest, or a row of a table of titles. */
const titled = /^\s*(?:await )?(?:t\.)?(?:test\(|\[)?\s*['"`]([\w-]+(?: [\w-]+)*) /gm;

/** The ids that titles begin with. */
function idsIn(text: string): string[] {
  return [...text.matchAll(titled)].flatMap(([, title = '']) => {
    const words = title.split(' ');
    const end = words.findIndex(word => !Object.hasOwn(rows, word));
    return end < 0 ? words : words.slice(0, end);
  });
}

test('every threat is tested by a test that begins with its id, or listed as not concerned, and never both', () => {
  const files = [...walk(join(top, 'src')), ...walk(join(top, 'test'))].filter(file => file.endsWith('.test.ts'));
  const tested = new Map<string, number>();
  for (const file of files) for (const id of idsIn(readFileSync(file, 'utf8'))) tested.set(id, (tested.get(id) ?? 0) + 1);
  const wrong = Object.keys(rows).filter(id => tested.has(id) === Object.hasOwn(notConcerned, id));
  assert.deepEqual(wrong, [], 'tested and listed, or neither');
  assert.deepEqual(
    Object.keys(notConcerned).filter(id => !Object.hasOwn(rows, id)),
    [],
    'listed, but no row',
  );
});

test('ids are found at the beginning of titles alone', () => {
  const texts = [
    "test('K1 T4 nobody', x)",
    '  await t.test(`T19 5,000 requests`, x)',
    "  ['js-depth deep arrays', 1]",
    "test('no K2 here', x)",
    "x('K3 a')",
  ];
  assert.deepEqual(texts.map(idsIn), [['K1', 'T4'], ['T19'], ['js-depth'], [], []]);
});
