import type {ApiError} from '../api/errors.ts';
import {forbidden} from '../api/errors.ts';
import type {JsonObject} from '../api/json.ts';
import {digString, equal, setKey} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson, timestamp} from '../api/object.ts';
import type {User} from '../auth/user.ts';
import {conditionsOf} from '../kinds/csr-validation.ts';
import {parseSigningRequest} from '../kinds/pkcs10.ts';
import {child, text} from '../kinds/read.ts';
import type {Rule, Surroundings, Write} from './rule.ts';

const gr = {group: 'certificates.k8s.io', resource: 'certificatesigningrequests'} as const;
/** The signer of certificates that this API takes for its users. */
const clientSigner = 'kubernetes.io/kube-apiserver-client';

/**
 * CertificateSigningRequests: who asked is who wrote them, and only those whom a signer's name was given to may approve requests to it and sign
 * them (spec kubernetes-api 8.11, 9.7).
 */
export const certificateRequests: Rule = {
  name: 'CertificateSigningRequest',
  of: resource => resource.gr.group === gr.group && resource.gr.resource === gr.resource,
  mutate({verb, subresource, object, old, user}, {world}) {
    if (verb === 'create') nameRequester(object, user);
    if (verb === 'update' && subresource !== undefined) fillTimes(asJson(object), asJson(old as KubeObject), timestamp(world.now()));
  },
  async settle(write, around) {
    const {verb, subresource, object, old} = write;
    if (verb === 'create') refuseMasters(object);
    if (verb !== 'update' || !old) return;
    if (subresource === 'approval' && !(await may(write, 'approve', around))) throw notPermitted(old, 'approve');
    if (subresource !== 'status' || equal(asJson(object)['status'] ?? {}, asJson(old)['status'] ?? {})) return;
    if (!(await may(write, 'sign', around))) throw notPermitted(old, 'sign');
  },
};

/** Whatever the client says of it. */
function nameRequester(object: KubeObject, user: User): void {
  const spec = child(asJson(object), 'spec') ?? {};
  for (const field of ['username', 'uid', 'groups', 'extra']) delete spec[field];
  if (user.name) spec['username'] = user.name;
  if (user.uid) spec['uid'] = user.uid;
  if (user.groups.length > 0) spec['groups'] = [...user.groups];
  const extra: JsonObject = {};
  for (const [key, values] of Object.entries(user.extra ?? {})) setKey(extra, key, [...values]);
  if (Object.keys(extra).length > 0) spec['extra'] = extra;
  asJson(object)['spec'] = spec;
}

/** Conditions without times get them: the one of the last change from before, where there was the same condition. */
function fillTimes(csr: JsonObject, old: JsonObject, now: string): void {
  const what = (one: JsonObject): string => `${text(one, 'status')} ${text(one, 'type')}`;
  const before = new Map(conditionsOf(old).map(one => [what(one), text(one, 'lastTransitionTime')]));
  for (const one of conditionsOf(csr)) {
    if (!text(one, 'lastUpdateTime')) one['lastUpdateTime'] = now;
    if (!text(one, 'lastTransitionTime')) one['lastTransitionTime'] = before.get(what(one)) || now;
  }
}

/** Who signs for the users of this API makes nobody its master. */
function refuseMasters(object: KubeObject): void {
  const spec = child(asJson(object), 'spec');
  if (text(spec, 'signerName') !== clientSigner) return;
  const {organizations} = parseSigningRequest(Buffer.from(text(spec, 'request'), 'base64'));
  if (organizations.includes('system:masters'))
    throw forbidden(gr, object.metadata.name, `use of ${clientSigner} signer with system:masters group is not allowed`);
}

const signerOf = (csr: KubeObject): string => digString(asJson(csr), 'spec', 'signerName') ?? '';

/** Whether the user may do this in the name of the signer, or of all signers of its domain. */
async function may({user, workspace, old}: Write, verb: 'approve' | 'sign', {authorizer}: Surroundings): Promise<boolean> {
  const signer = signerOf(old as KubeObject);
  for (const name of [signer, `${signer.split('/')[0]}/*`]) {
    const resource = {group: gr.group, plural: 'signers', subresource: undefined, namespace: undefined, name};
    if ((await authorizer.decide(user, {verb, workspace, resource})).allowed) return true;
  }
  return false;
}

const notPermitted = (csr: KubeObject, verb: 'approve' | 'sign'): ApiError =>
  forbidden(gr, csr.metadata.name, `user not permitted to ${verb} requests with signerName ${JSON.stringify(signerOf(csr))}`);
