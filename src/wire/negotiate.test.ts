import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {ApiError} from '../api/errors.ts';
import {negotiate, patchType, type Representation, requestType, wantsAggregatedDiscovery, wantsProtobufErrors} from './negotiate.ts';

const protobufType = 'application/vnd.kubernetes.protobuf';
const kubectl = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';
const partial = 'as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

/** `json`, `yaml/Table/v1`, `protobuf`, or the code of the refusal. */
function chosen(accept: string | undefined, protobuf: boolean): string {
  try {
    const {mediaType, as, asVersion} = negotiate(accept, {protobuf});
    const short = mediaType.replace('application/', '').replace('vnd.kubernetes.', '');
    return [short, as, asVersion].filter(Boolean).join('/');
  } catch (err) {
    assert.ok(err instanceof ApiError);
    return String(err.code);
  }
}

test('what clients accept, of kinds without and with protobuf', () => {
  const cases: [string | undefined, string, string?][] = [
    [undefined, 'json'],
    ['', 'json'],
    ['*/*', 'json'],
    ['application/*', 'json'],
    ['text/html', '406'],
    ['text/html,application/json;q=0.5', 'json'],
    ['application/json;q=0.1, application/yaml;q=0.2', 'yaml'],
    ['application/json;q=0,*/*;q=0.1', 'json'],
    ['APPLICATION/YAML', 'yaml'],
    [protobufType, '406', 'protobuf'],
    [`${protobufType},application/json`, 'json', 'protobuf'],
    [kubectl, 'json/Table/v1'],
    ['application/json;as=Table;v=v1beta1;g=meta.k8s.io', 'json/Table/v1beta1'],
    ['application/yaml;as=Table;v=v1;g=meta.k8s.io', 'yaml/Table/v1'],
    [`${protobufType};as=Table;v=v1;g=meta.k8s.io`, '406'],
    ['*/*;as=Table;v=v1;g=meta.k8s.io', 'json/Table/v1'],
    [`${protobufType};${partial},application/json;${partial},application/json`, 'protobuf/PartialObjectMetadata/v1'],
    [`application/json;${partial.replace('Metadata', 'MetadataList')}`, 'json/PartialObjectMetadataList/v1'],
    ['application/json;as=Table;v=v2;g=meta.k8s.io', '406'],
    ['application/json;as=Table;v=v1', '406'],
    ['application/json;as=Scale;v=v1;g=meta.k8s.io,application/yaml', 'yaml'],
    ['application/json;stream=watch', 'json'],
    ['application/json;stream=other', '406'],
    ['application/json;sv=v2,application/json', 'json'],
    ['application', '406'],
    ['json', '406'],
    [',;=,', '406'],
  ];
  for (const [accept, without, with_ = without] of cases) {
    assert.equal(chosen(accept, false), without, String(accept));
    assert.equal(chosen(accept, true), with_, String(accept));
    assert.equal(chosen(accept, true), with_, `${accept}, again`);
  }
  assert.throws(() => negotiate('text/html', {protobuf: false}), {
    message: 'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  });
});

test('who gets indented JSON', () => {
  const cases: [Partial<Parameters<typeof negotiate>[1]>, string | undefined, boolean][] = [
    [{}, undefined, false],
    [{userAgent: 'curl/8.5'}, undefined, true],
    [{userAgent: 'kubectl/1.35 Mozilla/5.0'}, undefined, false],
    [{userAgent: 'curl/8.5', pretty: 'false'}, 'application/json', false],
    [{pretty: 'true'}, 'application/json', true],
    [{pretty: 'yes'}, 'application/json', false],
    [{}, 'application/json;pretty=1', true],
  ];
  for (const [offer, accept, pretty] of cases)
    assert.equal(negotiate(accept, {protobuf: false, ...offer}).pretty, pretty, JSON.stringify(offer));
});

test('failures in protobuf, for whoever asked first of all for it', () => {
  const cases: [string | undefined, boolean][] = [
    [undefined, false],
    [`${protobufType},application/json`, true],
    [`${protobufType};${partial},application/json`, false],
    [`${protobufType};${partial}`, false],
    ['*/*', false],
    ['text/html', false],
  ];
  for (const [accept, wanted] of cases) assert.equal(wantsProtobufErrors(accept), wanted, String(accept));
});

test('aggregated discovery', () => {
  const v2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  const beta = v2.replace('v=v2', 'v=v2beta1');
  const cases: [string | undefined, boolean][] = [
    [`${v2},${beta},application/json`, true],
    [`${v2};profile=nopeer,${v2},application/json`, true],
    [`${beta},application/json`, false],
    [`application/json,${v2}`, false],
    [`application/json;q=0.5,${v2}`, true],
    [beta, false],
    ['application/json', false],
    [undefined, false],
  ];
  for (const [accept, wanted] of cases) assert.equal(wantsAggregatedDiscovery(accept), wanted, String(accept));
});

test('types of bodies', () => {
  assert.equal(requestType(undefined), 'application/json');
  assert.equal(requestType('application/json; charset=utf-8'), 'application/json');
  assert.equal(requestType('application/yaml'), 'application/yaml');
  assert.throws(() => requestType('text/plain'), {
    code: 415,
    message:
      'the body of the request was in an unknown format - accepted media types include: ' +
      'application/json, application/yaml, application/vnd.kubernetes.protobuf',
  });
  assert.equal(patchType('application/strategic-merge-patch+json', true), 'application/strategic-merge-patch+json');
  assert.equal(patchType('application/merge-patch+json; charset=utf-8', false), 'application/merge-patch+json');
  for (const type of ['application/json', undefined, '']) assert.throws(() => patchType(type, true), {code: 415});
  assert.throws(() => patchType('application/strategic-merge-patch+json', false), {
    code: 415,
    message: /: application\/json-patch\+json, application\/merge-patch\+json, application\/apply-patch\+yaml$/,
  });
});

test('any header is answered', () => {
  const soup = fc
    .array(fc.constantFrom('application', '/', 'json', '*', ';', ',', 'q=', '0.5', 'as=Table', 'g=meta.k8s.io', 'v=v1', ' '))
    .map(parts => parts.join(''));
  fc.assert(
    fc.property(soup, accept => {
      let found: Representation | undefined;
      try {
        found = negotiate(accept, {protobuf: true});
      } catch (err) {
        assert.ok(err instanceof ApiError && err.code === 406);
      }
      if (found?.as) assert.ok(accept.includes(found.as) && found.asVersion);
    }),
  );
});
