import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Json} from '../api/json.ts';
import {kubernetesFunctions} from './libraries.ts';
import {callBudget, compile} from './program.ts';
import {double, dyn, listOf} from './types.ts';

const environment = {variables: new Map(Object.entries({any: dyn, doubles: listOf(double)})), functions: kubernetesFunctions};
const bindings: {readonly [name: string]: Json} = {
  any: {list: [3, 1, 2], mixed: [1, 'a'], all: [1, 2.5, 'a', null, true], nested: [1, [2, [3, [4]]]], pair: 'a😀b'},
  doubles: [1, 2.5, 3],
};

function evaluate(source: string): unknown {
  const program = compile(source, environment);
  if (!program.ok) return `does not compile:\n${program.report}`;
  const outcome = program.evaluate(bindings, callBudget);
  return outcome.ok ? outcome.value : `fails: ${outcome.error}`;
}

/** Expressions that must be true, by library. */
const truths: {readonly [library: string]: string} = {
  strings: String.raw`
'tacocat'.charAt(3) == 'o' && 'tacocat'.charAt(7) == '' && any.pair.charAt(1) == '😀'
'hello mellow'.indexOf('') == 0 && 'hello mellow'.indexOf('ello') == 1 && 'hello mellow'.indexOf('jello') == -1
'hello mellow'.indexOf('', 2) == 2 && 'hello mellow'.indexOf('ello', 2) == 7
any.pair.indexOf('b') == 2 && any.pair.lastIndexOf('b') == 2 && any.pair.indexOf('b', 2) == 2
'hello mellow'.lastIndexOf('') == 12 && 'hello mellow'.lastIndexOf('ello') == 7 && 'hello mellow'.lastIndexOf('ello', 6) == 1
['hello', 'mellow'].join() == 'hellomellow' && ['hello', 'mellow'].join(' ') == 'hello mellow' && [].join('/') == ''
'TacoCÆt'.lowerAscii() == 'tacocÆt' && 'tacocæt'.upperAscii() == 'TACOCæT'
'hello hello'.replace('he', 'we') == 'wello wello' && 'hello hello'.replace('he', 'we', 1) == 'wello hello'
'hello hello'.replace('he', 'we', 0) == 'hello hello' && 'hello hello'.replace('he', 'we', -1) == 'wello wello'
'hello'.replace('', '_') == '_h_e_l_l_o_' && 'hello'.replace('', '_', 2) == '_h_ello' && 'h'.replace('h', '') == ''
'hello hello hello'.split(' ') == ['hello', 'hello', 'hello'] && 'a b c'.split(' ', 2) == ['a', 'b c']
'a b c'.split(' ', 0) == [] && 'a b c'.split(' ', 1) == ['a b c'] && 'a b c'.split(' ', -1) == ['a', 'b', 'c']
'abc'.split('') == ['a', 'b', 'c'] && any.pair.split('') == ['a', '😀', 'b']
'tacocat'.substring(4) == 'cat' && 'tacocat'.substring(0, 4) == 'taco' && 'tacocat'.substring(7) == ''
any.pair.substring(1, 2) == '😀' && any.pair.substring(2) == 'b'
'  \ttrim\n    '.trim() == 'trim' && ' '.trim() == '' && '\u00a0a\u0085'.trim() == 'a'
'gums'.reverse() == 'smug' && any.pair.reverse() == 'b😀a'
strings.quote('a"b\n') == '"a\\"b\\n"'
`,
  lists: `
[1, 2, 3].isSorted() && ![2, 1].isSorted() && ['a', 'b'].isSorted() && [].isSorted() && [1.0, 1.0].isSorted()
any.list.min() == 1 && any.list.max() == 3 && any.list.sum() == 6
[1.5, 2.5].sum() == 4.0 && [1u, 2u].sum() == 3u && [duration('1s'), duration('1m')].sum() == duration('61s')
doubles.sum() == 6.5 && doubles.max() == 3.0 && doubles.min() == 1.0
[].sum() == 0
[1, 2, 2].indexOf(2) == 1 && [1, 2, 2].lastIndexOf(2) == 2 && [1].indexOf(5) == -1
['b', 'a'].min() == 'a' && [timestamp('2024-01-01'), timestamp('2023-01-01')].max() == timestamp('2024-01-01')
[1, 2, 3, 4].slice(1, 3) == [2, 3] && [1].slice(0, 0) == []
[[1], [2, 3]].flatten() == [1, 2, 3] && any.nested.flatten(2).size() == 4 && any.nested.flatten(3) == [1, 2, 3, 4] && any.nested.flatten(0) == any.nested
[1, 2, 1, 3, 2].distinct() == [1, 2, 3] && ['b', 'a', 'b'].distinct() == ['b', 'a'] && [[1], [1]].distinct() == [[1]]
[1, 2].reverse() == [2, 1] && [3, 1, 2].sort() == [1, 2, 3] && ['b', 'a'].sort() == ['a', 'b']
lists.range(3) == [0, 1, 2] && lists.range(0) == []
`,
  sets: `
sets.contains([1, 2], [2]) && !sets.contains([1], [2]) && sets.contains([], [])
sets.equivalent([1, 2, 1], [2, 1]) && !sets.equivalent([1], [1, 2])
sets.intersects([1, 2], [2, 3]) && !sets.intersects([1], [2]) && !sets.intersects([], [])
`,
  regex: `
'abc 123'.find('[0-9]+') == '123' && 'abc'.find('[0-9]+') == ''
'123 abc 456'.findAll('[0-9]+') == ['123', '456'] && '123 abc 456'.findAll('[0-9]+', 1) == ['123']
'123 abc 456'.findAll('[0-9]+', 0) == [] && '123 abc 456'.findAll('[0-9]+', -1) == ['123', '456'] && 'abc'.findAll('x') == []
`,
  quantities: `
quantity('1.5Gi') == quantity('1536Mi') && quantity('1k') == quantity('1000') && quantity('1e3') == quantity('1k')
quantity('200m').isLessThan(quantity('0.3')) && quantity('50k').isGreaterThan(quantity('1k')) && quantity('1').compareTo(quantity('2')) == -1
isQuantity('1.3G') && !isQuantity('1.3GG') && !isQuantity('') && !isQuantity('abc')
quantity('50k').isInteger() && !quantity('50.3m').isInteger() && quantity('50k').asInteger() == 50000
quantity('1').add(quantity('2')) == quantity('3') && quantity('50k').sub(20) == quantity('49980') && quantity('0.5').add(1) == quantity('1500m')
quantity('-5').sign() == -1 && quantity('0').sign() == 0 && quantity('50.703k').asApproximateFloat() == 50703.0
type(quantity('1')) == type(quantity('2')) && quantity('1') != quantity('2')
`,
  networks: `
ip('127.0.0.1').family() == 4 && ip('::1').family() == 6 && isIP('::ffff:0:1.2.3.4') && !isIP('256.1.1.1') && !isIP('01.2.3.4')
!isIP('::ffff:1.2.3.4') && !isIP('fe80::1%eth0') && !isIP('1::2::3') && !isIP('1:2:3:4:5:6:7') && isIP('1:2:3:4:5:6:7::')
ip.isCanonical('2001:db8::abcd') && !ip.isCanonical('2001:DB8::ABCD') && !ip.isCanonical('2001:db8:0:0:0:0:0:abcd')
string(ip('2001:0db8:0:0:1:0:0:1')) == '2001:db8::1:0:0:1' && string(ip('::')) == '::' && string(ip('1:0:2:3:4:5:6:7')) == '1:0:2:3:4:5:6:7'
ip('0.0.0.0').isUnspecified() && ip('::').isUnspecified() && ip('127.1.2.3').isLoopback() && ip('::1').isLoopback()
ip('224.0.0.1').isLinkLocalMulticast() && ip('ff02::1').isLinkLocalMulticast() && !ip('224.0.1.1').isLinkLocalMulticast() && !ip('fd00::1').isLinkLocalMulticast()
ip('169.254.1.1').isLinkLocalUnicast() && ip('fe80::1').isLinkLocalUnicast() && !ip('fd80::1').isLinkLocalUnicast()
ip('192.168.1.1').isGlobalUnicast() && ip('2001:db8::abcd').isGlobalUnicast() && !ip('255.255.255.255').isGlobalUnicast() && !ip('ff00::1').isGlobalUnicast()
ip('127.0.0.1') == ip('127.0.0.1') && ip('::1') == ip('0:0::1') && ip('1.1.1.1') != ip('::101:101')
isCIDR('10.0.0.0/8') && isCIDR('::1/128') && !isCIDR('10.0.0.0/33') && !isCIDR('10.0.0.0/08') && !isCIDR('10.0.0.0')
cidr('192.168.0.0/24').containsIP(ip('192.168.0.1')) && cidr('192.168.0.0/24').containsIP('192.168.0.1') && !cidr('192.168.0.0/24').containsIP('192.168.1.1')
cidr('192.168.0.0/16').containsCIDR(cidr('192.168.10.0/24')) && !cidr('192.168.1.0/24').containsCIDR('192.168.0.0/16') && !cidr('::/0').containsIP('1.1.1.1')
cidr('192.168.0.7/24').ip() == ip('192.168.0.7') && cidr('192.168.0.7/24').masked() == cidr('192.168.0.0/24') && cidr('::1/64').prefixLength() == 64
string(cidr('192.168.0.0/24')) == '192.168.0.0/24' && type(ip('::')) == type(ip('1.1.1.1'))
`,
  urls: `
url('https://user:pw@example.com:80/a%20b/c?k=1&k=2&x=%20+y').getHost() == 'example.com:80'
url('https://example.com:80/').getHostname() == 'example.com' && url('https://example.com:80/').getPort() == '80' && url('https://example.com/').getPort() == ''
url('https://[::1]:80/').getHost() == '[::1]:80' && url('https://[::1]:80/').getHostname() == '::1' && url('HTTPS://a/').getScheme() == 'https'
url('/path').getScheme() == '' && url('/path').getHost() == '' && url('/path with spaces').getEscapedPath() == '/path%20with%20spaces'
url('https://a/?k=1&k=2&x=%20+y').getQuery() == {'k': ['1', '2'], 'x': ['  y']} && url('https://a/').getQuery() == {}
isURL('https://example.com') && isURL('/absolute') && !isURL('relative') && !isURL('../up') && !isURL('https://a:b:c/')
url('https://a/') == url('https://a/') && url('https://a/') != url('https://b/')
`,
  formats: `
!format.dns1123Label().validate('my-name').hasValue() && format.dns1123Label().validate('My.Name').value().size() == 1
format.named('dns1123Subdomain').value().validate('a.b') == optional.none() && !format.named('none').hasValue()
!format.dns1123LabelPrefix().validate('a-').hasValue() && format.dns1123Label().validate('a-').hasValue()
!format.uuid().validate('123e4567-e89b-12d3-a456-426614174000').hasValue() && format.uuid().validate('x').value() == ['does not match the UUID format']
!format.date().validate('2021-01-01').hasValue() && format.datetime().validate('2021-01-01').hasValue() && !format.byte().validate('aGVsbG8=').hasValue()
!format.qualifiedName().validate('a.b/c').hasValue() && format.labelValue().validate('-').hasValue() && !format.uri().validate('/a').hasValue()
`,
  formatting: `
'%s is %d years'.format(['Ann', 30]) == 'Ann is 30 years' && '100%%'.format([]) == '100%'
'%.2f %f'.format([1.234, 2]) == '1.23 2.000000' && '%.3e'.format([1234.5]) == '1.234e+03' && '%e'.format([0.5]) == '5.000000e-01'
'%b %o %x %X %x'.format([5, 8, 255, 255u, 'hello']) == '101 10 ff FF 68656c6c6f' && '%b'.format([true]) == '1' && '%x'.format([b'a']) == '61'
'%s %s'.format([any.all, {'b': 1, 'a': [2]}]) == '[1, 2.5, a, null, true] {a: [2], b: 1}'
'%s %s %s %s'.format([timestamp('2024-01-01T00:00:00Z'), duration('1m'), b'xy', int]) == '2024-01-01T00:00:00Z 60s xy int'
'%d %f %s'.format([-3, 1.0 / 0.0, -1.0 / 0.0]) == '-3 Infinity -Infinity'
`,
  semver: `
semver('1.2.3').major() == 1 && semver('1.2.3').minor() == 2 && semver('1.2.3').patch() == 3
semver('1.0.0-alpha').isLessThan(semver('1.0.0-alpha.1')) && semver('1.0.0-alpha.1').isLessThan(semver('1.0.0-beta'))
semver('1.0.0-2').isLessThan(semver('1.0.0-11')) && semver('1.0.0-11').isLessThan(semver('1.0.0-a')) && semver('1.0.0-rc').isLessThan(semver('1.0.0'))
semver('1.2.3').isGreaterThan(semver('1.2.2')) && semver('1.2.3').compareTo(semver('1.2.3')) == 0 && semver('1.2.3+a') == semver('1.2.3+b')
isSemver('1.2.3') && !isSemver('v1.2.3') && !isSemver('1.2') && !isSemver('01.2.3') && !isSemver('1.2.3-01')
isSemver('v1.2', true) && semver('v01.2', true) == semver('1.2.0') && !isSemver('hello', true)
`,
};
for (const [library, sources] of Object.entries(truths)) {
  for (const source of sources.split('\n').filter(line => line !== '')) {
    test(`${library}: ${source}`, () => assert.equal(evaluate(source), true));
  }
}

const failures: readonly [source: string, error: string][] = [
  ["'a'.find('(')", 'error parsing regexp: missing closing ): `(`'],
  ["quantity('x')", "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"],
  ["quantity('1.5').asInteger()", 'cannot convert value to integer'],
  ["ip('1.2.3')", 'IP Address "1.2.3" parse error during conversion from string: unable to parse IP'],
  ["url('x')", 'URL parse error during conversion from string: parse "x": invalid URI for request'],
  ["'%d'.format(['a'])", 'error during formatting: decimal clause cannot be used on string'],
  ["'%d'.format([])", 'index 0 out of range'],
  ["'%z'.format([1])", 'could not parse formatting clause: unrecognized formatting clause "z"'],
  ["semver('1.x')", 'could not parse "1.x" as a semantic version'],
  ["'abc'.charAt(5)", 'index out of range: 5'],
  ["'abc'.charAt(-1)", 'index out of range: -1'],
  ["'abc'.substring(2, 1)", 'invalid substring range. start: 2, end: 1'],
  ["'abc'.indexOf('a', 9)", 'index out of range: 9'],
  ['[].map(x, int(x)).max()', 'max called on empty list'],
  ['any.mixed.max()', 'no such overload'],
  ['any.mixed.sum()', 'no such overload'],
  ['any.mixed.join()', 'no such overload'],
  ['[9223372036854775807, 1].sum()', 'integer overflow'],
  ['[1].slice(0, 2)', 'cannot slice(0, 2), list is length 1'],
  ['lists.range(1000000000)', 'lists.range of more than 1000000 items'],
];
for (const [source, error] of failures) test(`fails: ${source}`, () => assert.equal(evaluate(source), `fails: ${error}`));
