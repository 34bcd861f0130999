import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {root, workspaceIdOf} from '../api/cluster.ts';
import {keyOf, parseKey, rangeOf} from './keys.ts';

const configMaps = {group: '', resource: 'configmaps', section: 'built-in'};

test('keys put the resource first, then workspace, namespace and name', () => {
  assert.equal(keyOf(configMaps, root, 'default', 'a.b'), '/core/configmaps/built-in/root/default/a.b');
  assert.equal(keyOf({...configMaps, resource: 'namespaces'}, root, undefined, 'x'), '/core/namespaces/built-in/root/x');
  assert.equal(rangeOf(configMaps), '/core/configmaps/built-in/');
  assert.equal(rangeOf(configMaps, root), '/core/configmaps/built-in/root/');
});

test('what a key is made of can be read back, whatever the name', () => {
  const name = fc.string({minLength: 1, unit: 'grapheme'}).filter(s => !/[/%]/.test(s) && s !== '.' && s !== '..');
  fc.assert(
    fc.property(name, name, (namespace, objectName) => {
      const key = keyOf(configMaps, workspaceIdOf('system:admin'), namespace, objectName);
      assert.match(key, /^[\x21-\x7e]*$/);
      assert.deepEqual(parseKey(key), {space: configMaps, workspace: 'system:admin', path: [namespace, objectName]});
    }),
  );
});
