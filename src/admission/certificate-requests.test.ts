import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ApiError} from '../api/errors.ts';
import type {KubeObject} from '../api/object.ts';
import {asObject} from '../api/object.ts';
import {createAuthorizer} from '../auth/authorize.ts';
import {bootstrapPolicy} from '../auth/bootstrap-policy.ts';
import type {User} from '../auth/user.ts';
import {groups} from '../auth/user.ts';
import {certificateSigningRequest} from '../kinds/certificate-signing-request.ts';
import {resourceOf} from '../registry/fixed-kinds.ts';
import {certificateRequests} from './certificate-requests.ts';
import type {Surroundings, Write} from './rule.ts';

const nobody: User = {name: 'jane', groups: [groups.authenticated]};
const admin: User = {name: 'root', groups: [groups.kcpAdmin]};

const authorizer = createAuthorizer({
  policyOf: () => bootstrapPolicy,
  logicalClusterOf: () => asObject({metadata: {name: 'cluster'}, status: {phase: 'Ready'}}),
});

const request = (status: object): KubeObject =>
  asObject({metadata: {name: 'c'}, spec: {signerName: 'example.com/x'}, status: status as never});
const approved = {conditions: [{type: 'Approved', status: 'True'}]};

/** What the rule says to an update, '' where nothing. */
async function judged(user: User, subresource: string | undefined, object = request(approved)): Promise<string> {
  const write = {
    verb: 'update',
    resource: resourceOf(certificateSigningRequest),
    subresource,
    workspace: 'root',
    user,
    object,
    old: request({}),
  };
  try {
    await certificateRequests.settle?.(write as unknown as Write, {authorizer} as Surroundings);
    return '';
  } catch (err) {
    assert.ok(err instanceof ApiError);
    return `${err.reason}: ${err.message}`;
  }
}

test('187 only those may approve and sign to whom the signer was given', async () => {
  const refused = (verb: string): string =>
    `Forbidden: certificatesigningrequests.certificates.k8s.io "c" is forbidden: user not permitted to ${verb} requests with signerName "example.com/x"`;
  assert.equal(await judged(nobody, 'approval'), refused('approve'));
  assert.equal(await judged(nobody, 'status'), refused('sign'));
  // Who changes nothing of the status signs nothing.
  assert.equal(await judged(nobody, 'status', request({})), '');
  assert.equal(await judged(nobody, undefined), '');
  assert.equal(await judged(admin, 'approval'), '');
  assert.equal(await judged(admin, 'status'), '');
});
