import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {ApiError} from './errors.ts';
import type {Json} from './json.ts';
import {exactValue, parseFieldSelector, parseLabelSelector, selectorFromObject, selectorLimits} from './selectors.ts';

const refused = (call: () => unknown, text: string | RegExp): void =>
  assert.throws(call, (err: unknown) => {
    assert.ok(err instanceof ApiError && err.code === 400, String(err));
    if (typeof text === 'string') assert.equal(err.message, text);
    else assert.match(err.message, text);
    return true;
  });

test('label selectors select', () => {
  const objects: {[name: string]: {[key: string]: string}} = {none: {}, a1: {a: '1'}, a2b: {a: '2', b: ''}, q: {'x.io/in': 'notin'}};
  const cases: {[selector: string]: string[]} = {
    '': ['none', 'a1', 'a2b', 'q'],
    a: ['a1', 'a2b'],
    '!a': ['none', 'q'],
    'a=1': ['a1'],
    ' a == 1 ': ['a1'],
    'a!=1': ['none', 'a2b', 'q'],
    'a in (1, 2)': ['a1', 'a2b'],
    'a in (1,),b': [],
    'a notin (1)': ['none', 'a2b', 'q'],
    'b=': ['a2b'],
    'b in (,)': ['a2b'],
    'a>1': ['a2b'],
    'a<2,!b': ['a1'],
    'x.io/in in (notin)': ['q'],
    constructor: [],
  };
  for (const [text, names] of Object.entries(cases)) {
    const selector = parseLabelSelector(text);
    assert.deepEqual(
      Object.keys(objects).filter(name => selector.matches(objects[name])),
      names,
      text,
    );
    assert.equal(selector.empty, text === '');
  }
});

test('label selectors are refused in Kubernetes words', () => {
  const ops = 'in, notin, =, ==, !=, gt, lt';
  const cases: {[selector: string]: string | RegExp} = {
    'a===b': "unable to parse requirement: found '=', expected: identifier",
    'a in b': "unable to parse requirement: found 'b' expected: '('",
    'a in (b': "unable to parse requirement: found '', expected: ',' or ')'",
    'a in ()': `unable to parse requirement: values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty`,
    'a b': `unable to parse requirement: found 'b', expected: ${ops}`,
    'a,': "found '', expected: identifier after ','",
    ',a': "found ',', expected: !, identifier, or 'end of string'",
    'a=b c': "found 'c', expected: ',' or 'end of string'",
    '!': "unable to parse requirement: found '', expected: identifier",
    'a>x': `unable to parse requirement: values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`,
    'a=-': /^unable to parse requirement: values\[0\]\[a\]: Invalid value: "-": a valid label must be/,
    'a/b/c': /^unable to parse requirement: <nil>: Invalid value: "a\/b\/c": a qualified name must/,
  };
  for (const [text, message] of Object.entries(cases)) refused(() => parseLabelSelector(text), message);
  refused(() => parseLabelSelector('a'.repeat(selectorLimits.charsMax + 1)), /longer/);
  refused(
    () =>
      parseLabelSelector(
        Array(selectorLimits.requirementsMax + 1)
          .fill('a')
          .join(),
      ),
    /more than/,
  );
});

test('selector objects', () => {
  const selector = selectorFromObject({
    matchLabels: {a: '1'},
    matchExpressions: [
      {key: 'b', operator: 'NotIn', values: ['x']},
      {key: 'c', operator: 'DoesNotExist'},
    ],
  });
  assert.ok(selector.matches({a: '1', b: 'y'}));
  for (const labels of [{}, {a: '1', b: 'x'}, {a: '1', c: ''}]) assert.ok(!selector.matches(labels));
  assert.ok(selectorFromObject({}).empty);
  assert.ok(!selectorFromObject(undefined).matches({}));
  const bad: Json[] = [
    7,
    {matchLabels: []},
    {matchLabels: {a: 1}},
    {matchExpressions: [{key: 'a', operator: 'In'}]},
    {matchExpressions: [{key: 'a', operator: 'constructor'}]},
    {matchExpressions: [{key: 'a', operator: 'Exists', values: ['b']}]},
    {matchExpressions: [null]},
  ];
  for (const json of bad) refused(() => selectorFromObject(json), /./);
});

test('field selectors', () => {
  const selector = parseFieldSelector('metadata.name=a\\,b,status.phase!=Active,x==');
  assert.deepEqual(selector.requirements, [
    {field: 'metadata.name', op: '=', value: 'a,b'},
    {field: 'status.phase', op: '!=', value: 'Active'},
    {field: 'x', op: '=', value: ''},
  ]);
  assert.equal(exactValue(selector, 'metadata.name'), 'a,b');
  assert.equal(exactValue(selector, 'status.phase'), undefined);
  assert.ok(selector.matches(field => (field === 'metadata.name' ? 'a,b' : '')));
  assert.ok(!selector.matches(field => (field === 'x' ? '' : 'Active')));
  assert.ok(parseFieldSelector('').empty);
  refused(() => parseFieldSelector('a'), "invalid selector: 'a'; can't understand 'a'");
  refused(() => parseFieldSelector('a=b=c'), 'invalid field selector: unescaped character in value: 61');
  refused(() => parseFieldSelector('a=\\x'), 'invalid field selector: invalid escape sequence: \\x');
});

test('field values survive escaping; any text is answered', () => {
  fc.assert(
    fc.property(fc.string(), value => {
      const text = `f=${value.replace(/[\\,=]/g, c => `\\${c}`)}`;
      assert.equal(exactValue(parseFieldSelector(text), 'f'), value);
    }),
  );
  const soup = fc.array(fc.constantFrom('a', 'in', '(', ')', ',', '=', '!', '<', ' ', '1'), {maxLength: 12}).map(parts => parts.join(''));
  fc.assert(
    fc.property(soup, text => {
      try {
        parseLabelSelector(text).matches({a: '1'});
      } catch (err) {
        assert.ok(err instanceof ApiError);
      }
    }),
  );
});
