import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {notYet, sections} from './not-yet.ts';

const here = dirname(fileURLToPath(import.meta.url));
/** Where cases are tested: through the server as a function, and with real clients. */
const folders = [here, join(here, '..', 'strangers')];
/** A case's number begins the title of its test, or a row of a table of titles. */
const titled = /^\s*(?:test\(|\[)?\s*['"`](\d{1,3}) /gm;

test('every case of the specification is tested or listed as missing, and never both', () => {
  const tested = new Set(
    folders
      .flatMap(folder => readdirSync(folder).map(file => join(folder, file)))
      .filter(file => file.endsWith('.test.ts'))
      .flatMap(file => [...readFileSync(file, 'utf8').matchAll(titled)].map(match => Number(match[1]))),
  );
  const listed = new Set(Object.keys(notYet).map(Number));
  for (const [from, to] of sections) {
    for (let number = from; number <= to; number++)
      assert.notEqual(tested.has(number), listed.has(number), `case ${number}: tested ${tested.has(number)}, listed ${listed.has(number)}`);
  }
});
