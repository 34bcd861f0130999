/** Conversion webhooks that cannot be believed: spec kubernetes-api 6.11, case 151 of 13.6. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {JsonObject} from '../../src/api/json.ts';
import type {Change} from '../support/boxes.ts';
import {boxes, honest, truth} from '../support/boxes.ts';
import {refused, succeeded} from '../support/place.ts';
import {inProcess, startPlane} from '../support/plane.ts';
import type {Says} from '../support/webhooks.ts';

const plane = await startPlane();
after(() => plane.stop());
const {api, kindWith} = await boxes(plane);

const lies: readonly [string, Says, RegExp][] = [
  [
    'is not there',
    () => ({problem: 'Post "https://x?timeout=30s": connect: connection refused'}),
    /failed: Post "https:\/\/x\?timeout=30s": connect: connection refused/,
  ],
  ['answers HTML', () => Buffer.from('<html>secret</html>'), /failed: the answer is not JSON$/],
  ['answers nothing', () => Buffer.alloc(0), /failed: the answer is not JSON$/],
  ['answers null', () => null, /failed: expected webhook response of apiextensions.k8s.io\/v1, Kind=ConversionReview, got , Kind=$/],
  ['answers something too deep', () => Buffer.from('['.repeat(100_000)), /failed: the answer is not JSON$/],
  ['answers another kind', r => ({...truth(r), kind: 'AdmissionReview'}), /got apiextensions.k8s.io\/v1, Kind=AdmissionReview$/],
  [
    'answers another version',
    r => ({...truth(r), apiVersion: 'apiextensions.k8s.io/v1beta1'}),
    /expected webhook response of apiextensions.k8s.io\/v1, Kind=ConversionReview, got apiextensions.k8s.io\/v1beta1/,
  ],
  ['gives no response', r => ({apiVersion: r['apiVersion'] as string, kind: 'ConversionReview'}), /failed: no response provided$/],
  ...(
    [
      ['answers another question', response => (response['uid'] = 'other'), /failed: expected response\.uid="[0-9a-f-]+", got "other"$/],
      ['says that it failed', response => (response['result'] = {status: 'Failure', message: 'no can do'}), /failed: no can do$/],
      ['says nothing of success', response => delete response['result'], /failed: response\.result\.status was '', not 'Success'$/],
      ['leaves one out', (_, objects) => objects.pop(), /returned 0 objects, expected 1$/],
      ['makes one up', (_, objects) => objects.push({}), /returned 2 objects, expected 1$/],
      ['gives no list', response => (response['convertedObjects'] = {}), /returned 0 objects, expected 1$/],
      ['gives no object', response => (response['convertedObjects'] = [7]), /returned invalid object: it is no object$/],
      [
        'leaves the version',
        (_, [one]) => (one!['apiVersion'] = 'example.com/v9'),
        /returned invalid object: invalid groupVersion \(expected example.com\/v\d, received example.com\/v9\)$/,
      ],
      [
        'changes the kind',
        (_, [one]) => (one!['kind'] = 'Other'),
        /returned invalid object: invalid kind \(expected Box\d+, received Other\)$/,
      ],
      [
        'changes the name',
        (_, [one]) => ((one!['metadata'] as JsonObject)['name'] = 'b'),
        /returned invalid object: must have the same name: a != b$/,
      ],
      [
        'changes the namespace',
        (_, [one]) => ((one!['metadata'] as JsonObject)['namespace'] = 'kube-system'),
        /must have the same namespace: t != kube-system$/,
      ],
      ['changes the uid', (_, [one]) => ((one!['metadata'] as JsonObject)['uid'] = 'u'), /must have the same UID: [0-9a-f-]+ != u$/],
      ['drops the metadata', (_, [one]) => delete one!['metadata'], /must have the same name: a != $/],
      [
        'writes labels that are a list',
        (_, [one]) => ((one!['metadata'] as JsonObject)['labels'] = []),
        /returned invalid metadata: invalid metadata\.labels of type \[\]interface \{\} in converted object$/,
      ],
      [
        'writes a number as a label',
        (_, [one]) => ((one!['metadata'] as JsonObject)['labels'] = {a: 1}),
        /metadata\.labels\[a\] must be a string, but is int64 in converted object$/,
      ],
      [
        'writes a bad label',
        (_, [one]) => ((one!['metadata'] as JsonObject)['labels'] = {a: '!'}),
        /returned invalid metadata: metadata\.labels: Invalid value: "!"/,
      ],
      [
        'writes a bad annotation',
        (_, [one]) => ((one!['metadata'] as JsonObject)['annotations'] = {'a b': ''}),
        /returned invalid metadata: metadata\.annotations: Invalid value: "a b"/,
      ],
    ] satisfies readonly (readonly [string, Change, RegExp])[]
  ).map(([title, change, problem]): [string, Says, RegExp] => [title, honest(change), problem]),
];

for (const [title, says, problem] of lies) {
  test(`151 a webhook that ${title}`, inProcess, async () => {
    const box = await kindWith(honest());
    await box.make('a');
    const stored = succeeded(await api.get(box.at('a', 'v2'))).text;
    plane.webhooks.at(box.url, says);
    for (const answer of [
      await api.get(box.at('a', 'v1')),
      await api.get(box.at('', 'v1')),
      await api.patch(box.at('a', 'v1'), {spec: {size: '9x9'}}),
      await api.del(box.at('a', 'v1')),
    ]) {
      refused(answer, 500, /^InternalError: Internal error occurred: conversion webhook for example\.com\/v[12], Kind=Box\d+ /);
      assert.match(String(answer.at('message')), problem);
      assert.ok(!answer.text.includes('secret'));
    }
    assert.equal((await api.get(box.at('a', 'v2'))).text, stored, 'nothing was written');
  });
}

test('nothing went wrong inside', () => assert.deepEqual(plane.errors, []));
