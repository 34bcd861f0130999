import type {WorkspaceId} from '../api/cluster.ts';
import {type ApiError, forbidden} from '../api/errors.ts';
import {homeOf} from './service-account.ts';
import type {Step} from './steps.ts';
import {stepsOf} from './steps.ts';
import type {User} from './user.ts';
import {groups} from './user.ts';

/** What is to be decided: a verb on a resource, or a method on a path. */
export type Attributes = {
  readonly verb: string;
  /** The workspace concerned, or `*` for all of them. */
  readonly workspace: WorkspaceId | '*';
  readonly resource?: {
    readonly group: string;
    readonly plural: string;
    readonly subresource: string | undefined;
    readonly namespace: string | undefined;
    readonly name: string | undefined;
  };
  readonly path?: string;
};

export type Decision = {
  readonly allowed: boolean;
  /** Which rule decided, in words for logs and audit. Clients see `access denied` and no more. */
  readonly reason: string;
  /** Decided before any workspace is asked. */
  readonly byItself?: boolean;
};

declare const minted: unique symbol;
/** Proof that a request passed `authorize`: later steps demand it, and nothing else can make one. */
export type Allowed = {readonly user: User; readonly attributes: Attributes; readonly why: string; readonly [minted]: true};

/** Paths that answer to everybody, also to strangers (spec kcp 7.7, kubernetes-api 7.6). */
const openPaths = /^\/(healthz|livez|readyz)(\/[\w-]+)?$|^\/version$/;

/**
 * Whether a user may. Until RBAC is enforced, administrators may do everything and everybody else only what needs no identity.
 */
export function decide(user: User, attributes: Attributes): Decision {
  if (attributes.path !== undefined && openPaths.test(attributes.path)) return {allowed: true, reason: 'open to everybody', byItself: true};
  if (user.groups.includes(groups.masters)) return {allowed: true, reason: `member of ${groups.masters}`, byItself: true};
  // System clusters and the view across all workspaces are for the shards themselves (spec kcp 2.7, 3.1).
  const tenant = attributes.workspace !== '*' && !attributes.workspace.startsWith('system:');
  if (tenant && user.groups.includes(groups.kcpAdmin)) return {allowed: true, reason: `member of ${groups.kcpAdmin}`};
  if (homeOf(user) === attributes.workspace && isEveryday(attributes)) return {allowed: true, reason: 'a service account at home'};
  return {allowed: false, reason: 'not an administrator'};
}

/** What the rights that Kubernetes gives to everybody, and to all service accounts, allow: to ask who one is, what one may, and what there is. */
function isEveryday({verb, resource, path = ''}: Attributes): boolean {
  if (resource) return verb === 'create' && resource.subresource === undefined && selfReviews.has(`${resource.plural}.${resource.group}`);
  return verb === 'get' && everydayPaths.test(path);
}

const selfReviews: ReadonlySet<string> = new Set([
  'selfsubjectreviews.authentication.k8s.io',
  'selfsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectrulesreviews.authorization.k8s.io',
]);
const everydayPaths = /^\/((api|apis|openapi)(\/.*)?|version\/?|\.well-known\/openid-configuration\/?|openid\/v1\/jwks\/?)$/;

/**
 * @param steps is told what each authorizer said, allowed or not
 * @throws ApiError Forbidden, with the text Kubernetes' clients know and without saying what exists
 */
export function authorize(user: User, attributes: Attributes, steps?: Step[]): Allowed {
  const decision = decide(user, attributes);
  steps?.push(...stepsOf(attributes, decision));
  if (!decision.allowed) throw refusal(user, attributes);
  return {user, attributes, why: decision.reason} as Allowed;
}

/** Forbidden, in the words clients know. Also of what must look as if it was only forbidden. */
export function refusal(user: User, {verb, resource, path}: Attributes): ApiError {
  const who = `User ${JSON.stringify(user.name)} cannot ${verb}`;
  if (!resource) return forbidden({group: '', resource: ''}, '', `${who} path ${JSON.stringify(path)}: access denied`);
  const what = JSON.stringify(resource.subresource ? `${resource.plural}/${resource.subresource}` : resource.plural);
  const where = resource.namespace ? `in the namespace ${JSON.stringify(resource.namespace)}` : 'at the cluster scope';
  return forbidden(
    {group: resource.group, resource: resource.plural},
    resource.name ?? '',
    `${who} resource ${what} in API group ${JSON.stringify(resource.group)} ${where}: access denied`,
  );
}
