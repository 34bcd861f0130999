import assert from 'node:assert/strict';
import {test} from 'node:test';
import {header, headerList, headerValues, loggedTarget} from './http.ts';

const headers = headerList({Accept: ['application/json', 'text/plain'], 'Impersonate-Group': ['a, system:masters', 'b'], 'x-one': '1'});

test('a header is found by its lower-case name; repeated ones are joined', () => {
  assert.equal(header(headers, 'accept'), 'application/json, text/plain');
  assert.equal(header(headers, 'x-one'), '1');
  assert.equal(header(headers, '1'), undefined, 'values are not names');
});

test('K5 every value stays whole, so that a comma makes no second group', () => {
  assert.deepEqual(headerValues(headers, 'impersonate-group'), ['a, system:masters', 'b']);
  assert.deepEqual(headerValues(headers, 'nothing'), []);
});

test('the log has no query and no end of a target', () => {
  assert.equal(loggedTarget('/api/v1/secrets?access_token=x&watch=true?y'), '/api/v1/secrets');
  assert.equal(loggedTarget(`/${'a'.repeat(1000)}`).length, 200);
});
