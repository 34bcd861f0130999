/** Requests for certificates: spec kubernetes-api 8.11, 9.7. */
import assert from 'node:assert/strict';
import {X509Certificate} from 'node:crypto';
import {after, test} from 'node:test';
import {servingCertificate} from '../../src/main/pki.ts';
import type {Answer, Found} from '../support/api-client.ts';
import {refused, succeeded} from '../support/place.ts';
import {startPlane, users} from '../support/plane.ts';
import {pem, requestFor} from '../support/signing-request.ts';

const plane = await startPlane();
after(() => plane.stop());
const api = await plane.workspace('certificates', 'root:universal');
const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const apply = {'content-type': 'application/apply-patch+yaml'};

const spec = {request: requestFor('jane', ['team']), signerName: 'example.com/x', usages: ['client auth']};
const request = (name: string, more: object = {}): object => ({metadata: {name}, spec: {...spec, ...more}});
const made = async (name: string, more: object = {}): Promise<Answer> => succeeded(await api.post(requests, request(name, more)), 201);
const approved = {type: 'Approved', status: 'True', reason: 'Known'};
const conditions = (...list: readonly object[]): object => ({status: {conditions: list}});
const approve = (name: string, ...list: readonly object[]) => api.patch(`${requests}/${name}/approval`, conditions(...list));
const writeStatus = (name: string, status: object) => api.patch(`${requests}/${name}/status`, {status});
const encode = (text: string): string => Buffer.from(text).toString('base64');

test('187 who asks is who writes', async () => {
  const forged = {username: 'root', uid: '0', groups: ['system:masters'], extra: {a: ['b']}};
  const answer = await made('forged', {...forged, expirationSeconds: 600});
  const who = {username: 'kcp-admin', groups: ['system:kcp:admin', 'system:authenticated']};
  const {uid: _, ...written} = answer.at('spec') as {uid?: Found};
  assert.deepEqual(written, {...spec, expirationSeconds: 600, ...who});
  assert.deepEqual(answer.at('status'), {});
  // Of what the server fills in and keeps, nobody owns anything.
  assert.equal(answer.at('metadata', 'managedFields'), undefined);
});

test('187 who may not, may not approve', async () => {
  await made('strangers');
  const body = conditions(approved);
  refused(await api.as(users.user1).patch(`${requests}/strangers/approval`, body), 403, 'Forbidden: ');
});

test('187 approved once, signed once', async () => {
  await made('c187');
  const excluded = 'status.conditions: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive';
  refused(await approve('c187', approved, {type: 'Denied', status: 'True'}), 422, excluded, ['status.conditions']);
  const times = (answer: Answer, field: string): Found => answer.at('status', 'conditions', 0, field);
  const first = succeeded(await approve('c187', {...approved, lastUpdateTime: '2020-01-01T00:00:00Z'}));
  assert.equal(times(first, 'lastUpdateTime'), '2020-01-01T00:00:00Z');
  assert.match(String(times(first, 'lastTransitionTime')), /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  const again = succeeded(await approve('c187', {...approved, message: 'm'}));
  assert.equal(times(again, 'lastTransitionTime'), times(first, 'lastTransitionTime'));

  const {cert, ca} = await servingCertificate('', [], new Date());
  const signed = succeeded(await writeStatus('c187', {certificate: encode(`hello\n${cert}${ca}bye\n`)}));
  assert.deepEqual(signed.at('status', 'conditions'), again.at('status', 'conditions'));
  refused(await writeStatus('c187', {certificate: encode(ca)}), 422, 'updates may not modify existing certificate content');
  refused(await writeStatus('c187', {certificate: null}), 422, 'updates may not modify existing certificate content');
  // The same bytes in another base64 are the same certificate.
  succeeded(await writeStatus('c187', {certificate: `${String(signed.at('status', 'certificate'))}\n`}));
});

test('what a request must be', async () => {
  const problem = async (more: object, why: string, fields: readonly string[]) =>
    refused(await api.post(requests, request('bad', more)), 422, why, fields);
  const noPem = 'PEM block type must be CERTIFICATE REQUEST';
  await problem({request: encode('zork')}, `spec.request: Invalid value: "em9yaw==": ${noPem}`, ['spec.request']);
  await problem({request: null}, `spec.request: Invalid value: null: ${noPem}`, ['spec.request']);
  await problem({usages: []}, 'spec.usages: Required value', ['spec.usages']);
  const usages = 'spec.usages[1]: Unsupported value: "zork": supported values: "any", "cert sign", "client auth", "code signing"';
  await problem({usages: ['any', 'zork', 'any']}, usages, ['spec.usages[1]', 'spec.usages[2]']);
  const short = 'spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)';
  await problem({expirationSeconds: 599}, short, ['spec.expirationSeconds']);
  refused(await api.post(requests, request('a/b')), 422, "may not contain '/'");
  refused(await api.post(requests, request('bad', {request: '%'})), 400, 'illegal base64 data');
  succeeded(await api.post(requests, request('Any Name')), 201);
});

const domain = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'";
const signers: readonly [signerName: string, ...whys: string[]][] = [
  ['', 'Required value'],
  ['x', "must be a fully qualified domain and path of the form 'example.com/signer-name'"],
  ['a.b/c/d', 'must be a fully qualified domain and path'],
  ['nodots/x', 'Invalid value: "nodots": should be a domain with at least two segments separated by dots'],
  ['UP.x/y', `Invalid value: "UP.x": validating label "UP": ${domain}`],
  ['/x', `validating label "": ${domain}`, 'should be a domain with at least two segments'],
  ['a.b/_x', 'Invalid value: "_x": validating label "_x": a lowercase RFC 1123 subdomain'],
  ['a.b/', 'validating label "": a lowercase RFC 1123 subdomain'],
  [`${'a.'.repeat(127)}b/x`, 'Too long: may not be more than 253 bytes'],
  [`a.b/${'a.'.repeat(159)}b`, 'Too long: may not be more than 317 bytes'],
  ['kubernetes.io/legacy-unknown', 'the legacy signerName is not allowed via this API version'],
];

test('what signers are called', async () => {
  for (const [signerName, ...whys] of signers) {
    const answer = await api.post(requests, request('bad', {signerName}));
    refused(answer, 422, whys[0] as string);
    assert.equal(answer.at('details', 'causes', 'length'), whys.length, signerName);
    for (const why of whys) assert.ok(answer.text.includes(JSON.stringify(why).slice(1, -1)), answer.text);
  }
});

test('nobody becomes the master of this API by a certificate', async () => {
  const wanted = {signerName: 'kubernetes.io/kube-apiserver-client', request: requestFor('jane', ['team', 'system:masters'])};
  const why = 'use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed';
  refused(await api.post(requests, request('masters', wanted)), 403, why);
  await made('masters', {...wanted, signerName: 'example.com/x'});
});

test('what each endpoint leaves alone', async () => {
  const before = await made('parts');
  const everything = {metadata: {labels: {by: 'main'}}, spec: {signerName: 'a.b/c'}, ...conditions(approved)};
  const main = succeeded(await api.patch(`${requests}/parts`, everything));
  assert.deepEqual([main.at('spec'), main.at('status'), main.at('metadata', 'labels')], [before.at('spec'), {}, {by: 'main'}]);
  const all = {spec: {signerName: 'a.b/c'}, status: {certificate: encode('zork'), conditions: [approved]}};
  const approval = succeeded(await api.patch(`${requests}/parts/approval`, {...all, metadata: {labels: {by: 'approval'}}}));
  assert.deepEqual(
    [approval.at('spec'), approval.at('status', 'certificate'), approval.at('metadata', 'labels')],
    [before.at('spec'), undefined, {by: 'approval'}],
  );
  const failed = {type: 'Failed', status: 'True'};
  const status = succeeded(await writeStatus('parts', {conditions: [{...approved, reason: 'Forged'}, failed]}));
  assert.deepEqual(status.at('status', 'conditions', 0), approval.at('status', 'conditions', 0));
  assert.equal(status.at('status', 'conditions', 1, 'type'), 'Failed');
  const lost = (type: string): string => `status.conditions: Forbidden: updates may not remove a condition of type "${type}"`;
  refused(await writeStatus('parts', {conditions: [approved]}), 422, lost('Failed'));
  refused(await writeStatus('parts', {conditions: [failed]}), 422, lost('Approved'));
  refused(await approve('parts'), 422, lost('Approved'));
});

test('what conditions and certificates must be', async () => {
  await made('forms');
  refused(await approve('forms', {...approved, status: 'False'}), 422, 'Unsupported value: "False": supported values: "True"');
  const odd = [{type: 'X', status: 'Zork'}, {type: 'X'}, {status: 'True'}];
  const fields = ['[0].status', '[1].status', '[1].type', '[2].type'].map(end => `status.conditions${end}`);
  refused(await approve('forms', ...odd), 422, 'Unsupported value: "Zork": supported values: "False", "True", "Unknown"', fields);
  const added = 'status.conditions: Forbidden: updates may not add a condition of type "Approved"';
  refused(await writeStatus('forms', {conditions: [approved]}), 422, added);
  const certificate = async (text: string, why: string) =>
    refused(
      await writeStatus('forms', {certificate: encode(text)}),
      422,
      `status.certificate: Invalid value: "<certificate data>": ${why}`,
    );
  const {cert} = await servingCertificate('', [], new Date());
  await certificate('zork', 'must contain at least one CERTIFICATE PEM block');
  await certificate(Buffer.from(spec.request, 'base64').toString(), 'only CERTIFICATE PEM blocks are allowed, found "CERTIFICATE REQUEST"');
  await certificate('-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n', 'found CERTIFICATE PEM block containing 0 certificates');
  await certificate('-----BEGIN CERTIFICATE-----\nenorenor\n-----END CERTIFICATE-----\n', 'x509: malformed certificate');
  await certificate(cert.replace('-----\n', '-----\na: b\n'), 'no PEM block headers are permitted');
  await certificate(cert.repeat(501), 'must contain at most 500 certificates');
  const der = new X509Certificate(cert).raw;
  await certificate(pem('CERTIFICATE', Buffer.alloc(der.length * 501, der)), 'must contain at most 500 certificates');
  await certificate(pem('CERTIFICATE', Buffer.concat([der, Buffer.from('x')])), 'x509: malformed certificate');
  succeeded(await writeStatus('forms', {certificate: encode(pem('CERTIFICATE', Buffer.concat([der, der])))}));
});

test('requests by their signer', async () => {
  await made('other', {signerName: 'example.com/other'});
  const found = succeeded(await api.get(`${requests}?fieldSelector=spec.signerName=example.com/other`)).at('items') as Found[];
  assert.equal(found.length, 1);
  for (const field of ['spec.username', 'metadata.namespace'])
    refused(await api.get(`${requests}?fieldSelector=${field}=x`), 400, `field label not supported: ${field}`);
});

test('what a table shows', async () => {
  const cells = async (name: string): Promise<readonly Found[]> => {
    const table = await api.get(`${requests}/${name}`, {accept: 'application/json;as=Table;v=v1;g=meta.k8s.io'});
    return (succeeded(table).at('rows', 0, 'cells') as Found[]).filter((_, i) => i !== 1);
  };
  await made('shown', {expirationSeconds: 3600 * 24});
  assert.deepEqual(await cells('shown'), ['shown', 'example.com/x', 'kcp-admin', '24h', 'Pending']);
  succeeded(await approve('shown', {type: 'Denied', status: 'True'}));
  assert.deepEqual(await cells('shown'), ['shown', 'example.com/x', 'kcp-admin', '24h', 'Denied']);
  assert.deepEqual(await cells('parts'), ['parts', 'example.com/x', 'kcp-admin', '<none>', 'Approved,Failed']);
  assert.deepEqual(await cells('c187'), ['c187', 'example.com/x', 'kcp-admin', '<none>', 'Approved,Issued']);
});

test('what appliers own of a request', async () => {
  const path = `${requests}/applied`;
  const head = {apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest'};
  const applied = async (manager: string, sub: string, body: object): Promise<Answer> => {
    const metadata = {name: 'applied', ...(body as {metadata?: object}).metadata};
    return api.patch(`${path}${sub}?fieldManager=${manager}`, {...head, ...body, metadata}, apply);
  };
  type Entry = {manager: string; subresource?: string; fieldsV1: Found};
  const owners = (answer: Answer): {[who: string]: Found} =>
    Object.fromEntries(
      ((answer.at('metadata', 'managedFields') ?? []) as unknown as Entry[]).map(one => [
        one.subresource ? `${one.manager} ${one.subresource}` : one.manager,
        one.fieldsV1,
      ]),
    );
  // The spec is written once, so that nobody needs to own it.
  assert.deepEqual(owners(succeeded(await applied('a', '', {spec}), 201)), {});
  const second = succeeded(await applied('a', '', {spec: {...spec, signerName: 'a.b/c'}, metadata: {labels: {x: 'y'}}}));
  assert.equal(second.at('spec', 'signerName'), 'example.com/x');
  const a = {'f:metadata': {'f:labels': {'f:x': {}}}};
  assert.deepEqual(owners(second), {a});
  const decided = succeeded(await applied('b', '/approval', {status: {certificate: encode('zork'), conditions: [approved]}}));
  const one = {'.': {}, 'f:reason': {}, 'f:status': {}, 'f:type': {}};
  const b = {'f:status': {'f:conditions': {'k:{"type":"Approved"}': one}}};
  assert.deepEqual(owners(decided), {a, 'b approval': b});
  const {cert} = await servingCertificate('', [], new Date());
  const failed = {type: 'Failed', status: 'True'};
  const signed = succeeded(await applied('c', '/status', {status: {certificate: encode(cert), conditions: [failed]}}));
  assert.deepEqual(owners(signed), {a, 'b approval': b, 'c status': {'f:status': {'f:certificate': {}}}});
  // Who puts a condition without its times asks for new ones, and comes to own them.
  const body = {metadata: {name: 'applied'}, spec, ...conditions(approved, failed, {type: 'Z', status: 'True'})};
  const put = succeeded(await api.put(`${path}/approval?fieldManager=p`, body));
  const times = {'f:lastTransitionTime': {}, 'f:lastUpdateTime': {}};
  assert.deepEqual(owners(put)['p approval'], {
    'f:status': {
      'f:conditions': {
        'k:{"type":"Approved"}': times,
        'k:{"type":"Failed"}': times,
        'k:{"type":"Z"}': {'.': {}, ...times, 'f:status': {}, 'f:type': {}},
      },
    },
  });
});
