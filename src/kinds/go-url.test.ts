import assert from 'node:assert/strict';
import {test} from 'node:test';
import {parseGoUrl} from './go-url.ts';

test('the parts of URLs', () => {
  const none = {scheme: '', user: undefined, host: '', query: '', fragment: ''};
  const cases: readonly [string, object][] = [
    ['', none],
    ['foo', none],
    ['/a/b', none],
    ['mailto:x', {...none, scheme: 'mailto'}],
    ['//host/x', {...none, host: 'host'}],
    ['HTTPS://example.com:8443/a?b=c#d', {scheme: 'https', user: undefined, host: 'example.com:8443', query: 'b=c', fragment: 'd'}],
    ['https://x:99999/', {...none, scheme: 'https', host: 'x:99999'}],
    ['https://[::1]:443/', {...none, scheme: 'https', host: '[::1]:443'}],
    ['http://u:p@/x?a#b', {scheme: 'http', user: 'u:p', host: '', query: 'a', fragment: 'b'}],
  ];
  for (const [text, parts] of cases) assert.deepEqual(parseGoUrl(text), parts, text);
});

test('what Go says of texts that are no URLs', () => {
  const cases: {readonly [text: string]: string} = {
    '://x': 'missing protocol scheme',
    'a b:c': 'first path segment in URL cannot contain colon',
    'https://a b': 'invalid character " " in host name',
    'https://[::1/': "missing ']' in host",
    'https://x:port/': 'invalid port ":port" after host',
    'https://x/%zz': 'invalid URL escape "%zz"',
    'https://x/\n': 'net/url: invalid control character in URL',
    'https://u<@x/': 'net/url: invalid userinfo',
  };
  for (const [text, why] of Object.entries(cases)) assert.equal(parseGoUrl(text), `parse ${JSON.stringify(text)}: ${why}`);
});
