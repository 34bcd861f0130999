import {badRequest, conflict, invalid, notFound} from '../api/errors.ts';
import {invalidValue} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson, groupVersionOf, timestamp} from '../api/object.ts';
import type {ServiceAccount} from '../auth/service-account.ts';
import {child, number, text, texts} from '../kinds/read.ts';
import {tokenRequest} from '../kinds/token-request.ts';
import {coreReader} from '../registry/core-objects.ts';
import {resourceOf} from '../registry/fixed-kinds.ts';
import {peek} from '../registry/stored.ts';
import type {Named} from './exchange.ts';
import type {HttpReply} from './http.ts';
import {readObject, toObject} from './intake.ts';
import {checkNamespace} from './namespace-of-body.ts';
import {writeOptions} from './options.ts';
import {replyJson} from './reply.ts';
import {find} from './verbs/get.ts';

const tokenRequests = resourceOf(tokenRequest);

/**
 * A token of a service account, which is kept nowhere (spec kubernetes-api 8.5).
 * @throws ApiError NotFound, BadRequest, Conflict when the account or the object it is to end with is another one, Invalid
 */
export async function requestToken(named: Named): Promise<HttpReply> {
  const x: Named = {...named, resource: tokenRequests};
  const {accounts} = x.deps;
  const options = writeOptions(x.call.target.query, 'CreateOptions');
  const account = peek(await find(named));
  const request = toObject(x, await readObject(x), options.fieldValidation);
  const spec = wishOf(named, request, account);
  const secret = await boundSecret(x, spec);
  const audiences = texts(spec, 'audiences').length > 0 ? texts(spec, 'audiences') : accounts.audiences;
  const seconds = secondsOf(x, spec);
  const who: ServiceAccount = {
    workspace: x.workspace,
    namespace: x.what.namespace as string,
    name: x.what.name,
    uid: account.metadata.uid,
  };
  // A dry run leaves nothing behind, so nothing that could be used either.
  const {id, token, expires} = options.dryRun
    ? {id: '', token: '', expires: Math.floor(x.deps.world.now() / 1000) + seconds}
    : await accounts.request({account: who, audiences, seconds, secret});
  if (id) x.trail?.note('authentication.kubernetes.io/issued-credential-id', `JTI=${id}`);
  const {name, namespace, uid, creationTimestamp} = account.metadata;
  return replyJson(
    x,
    {
      kind: request.kind,
      apiVersion: request.apiVersion,
      metadata: {name, ...(namespace && {namespace}), uid, creationTimestamp},
      spec: {...spec, audiences: [...audiences], expirationSeconds: seconds, boundObjectRef: child(spec, 'boundObjectRef') ?? null},
      status: {token, expirationTimestamp: timestamp(expires * 1000)},
    },
    201,
  );
}

/** The spec of a request that is in order, and that means this account. */
function wishOf(named: Named, request: KubeObject, account: KubeObject): JsonObject {
  checkNamespace(named, request);
  const {uid, name} = request.metadata;
  if (name && name !== named.what.name) {
    const wrong = invalidValue('metadata.name', name, 'must match the service account name if specified');
    throw invalid(tokenRequest.group, tokenRequest.names.kind, named.what.name, [wrong]);
  }
  if (uid && uid !== account.metadata.uid) {
    const why = `the UID in the token request (${uid}) does not match the UID of the service account (${account.metadata.uid})`;
    throw conflict(named.resource.gr, named.what.name, why);
  }
  const errors = tokenRequest.strategy.validate?.(asJson(request)) ?? [];
  if (errors.length > 0) throw invalid(tokenRequest.group, tokenRequest.names.kind, '', errors);
  return child(asJson(request), 'spec') as JsonObject;
}

/** How long the token is to be good: as asked, up to what the server allows. */
function secondsOf({deps, warnings}: Named, spec: JsonObject): number {
  const asked = number(spec, 'expirationSeconds') as number;
  const {secondsMax} = deps.accounts;
  if (secondsMax === 0 || asked <= secondsMax) return asked;
  warnings.push(`requested expiration of ${asked} seconds shortened to ${secondsMax} seconds`);
  return secondsMax;
}

/** The Secret the token is to end with. Pods and nodes can be named as well; there are none. */
async function boundSecret(
  {deps, workspace, what}: Named,
  spec: JsonObject,
): Promise<{readonly name: string; readonly uid: string} | undefined> {
  const ref = child(spec, 'boundObjectRef');
  if (!ref) return undefined;
  const [apiVersion, kind, name, uid] = [text(ref, 'apiVersion'), text(ref, 'kind'), text(ref, 'name'), text(ref, 'uid')];
  const {group, version} = groupVersionOf(apiVersion);
  if (group !== '' || !['Secret', 'Pod', 'Node'].includes(kind))
    throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`);
  const gr = {group: '', resource: `${kind.toLowerCase()}s`};
  const secret = kind === 'Secret' && name && (await coreReader(deps.store)(workspace, 'secrets', what.namespace as string, name));
  if (!secret) throw notFound(gr, name);
  if (uid && uid !== secret.metadata.uid) {
    const why = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw conflict(gr, name, why);
  }
  return {name, uid: secret.metadata.uid};
}
