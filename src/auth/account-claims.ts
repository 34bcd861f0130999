import {isWorkspaceId} from '../api/cluster.ts';
import type {JsonObject} from '../api/json.ts';
import {dig, digString} from '../api/json.ts';
import type {ServiceAccount} from './service-account.ts';
import {accountUserName} from './service-account.ts';

/** What a token of a service account says (spec kubernetes-api 10.2, kcp 7.2). */
export type AccountClaims = {
  readonly issuer: string;
  readonly account: ServiceAccount;
  /** Without it the token is bound to nothing but its account. */
  readonly secret?: {readonly name: string; readonly uid?: string};
  /** Absent of tokens that are kept in Secrets: these are for this server alone, and good for as long as the Secret holds them. */
  readonly request?: {
    readonly id: string;
    readonly audiences: readonly string[];
    /** Seconds since the epoch. */
    readonly issuedAt: number;
    readonly notBefore: number;
    readonly expires: number;
  };
};

/** Who issues the tokens in Secrets, whatever the server's own issuer is called. */
export const secretIssuer = 'kubernetes/serviceaccount';
/** Before each of their claims. */
const prefix = 'kubernetes.io/serviceaccount';

/** The claims as they travel. */
export function encodeClaims({issuer, account, secret, request}: AccountClaims): JsonObject {
  const sub = accountUserName(account.namespace, account.name);
  if (!request) {
    return {
      iss: issuer,
      [`${prefix}/clusterName`]: account.workspace,
      [`${prefix}/namespace`]: account.namespace,
      ...(secret && {[`${prefix}/secret.name`]: secret.name}),
      [`${prefix}/service-account.name`]: account.name,
      [`${prefix}/service-account.uid`]: account.uid,
      sub,
    };
  }
  return {
    aud: [...request.audiences],
    exp: request.expires,
    iat: request.issuedAt,
    iss: issuer,
    jti: request.id,
    'kubernetes.io': {
      clusterName: account.workspace,
      namespace: account.namespace,
      ...(secret && {secret: {name: secret.name, ...(secret.uid && {uid: secret.uid})}}),
      serviceaccount: {name: account.name, uid: account.uid},
    },
    nbf: request.notBefore,
    sub,
  };
}

/** Reads claims whose signature was good; undefined when they are not those of a service account, or not whole. */
export function decodeClaims(claims: JsonObject): AccountClaims | undefined {
  const issuer = digString(claims, 'iss');
  if (issuer === undefined) return undefined;
  const found = issuer === secretIssuer ? ofSecret(claims) : ofRequest(issuer, claims);
  const {account} = found ?? {};
  return account && digString(claims, 'sub') === accountUserName(account.namespace, account.name) ? found : undefined;
}

function ofSecret(claims: JsonObject): AccountClaims | undefined {
  const of = (name: string): string | undefined => digString(claims, `${prefix}/${name}`);
  const account = accountOf(of('clusterName'), of('namespace'), of('service-account.name'), of('service-account.uid'));
  const name = of('secret.name');
  return account && name ? {issuer: secretIssuer, account, secret: {name}} : undefined;
}

function ofRequest(issuer: string, claims: JsonObject): AccountClaims | undefined {
  const ours = dig(claims, 'kubernetes.io');
  const account = accountOf(
    digString(ours, 'clusterName'),
    digString(ours, 'namespace'),
    digString(ours, 'serviceaccount', 'name'),
    digString(ours, 'serviceaccount', 'uid'),
  );
  const [audiences, id] = [audiencesOf(claims), digString(claims, 'jti')];
  const [issuedAt, notBefore, expires] = [seconds(claims, 'iat'), seconds(claims, 'nbf'), seconds(claims, 'exp')];
  if (!account || !audiences || !id || issuedAt === undefined || notBefore === undefined || expires === undefined) return undefined;
  const request = {id, audiences, issuedAt, notBefore, expires};
  const secret = dig(ours, 'secret');
  // What we cannot look up we cannot vouch for.
  if (secret === undefined) return boundElsewhere.some(kind => dig(ours, kind) !== undefined) ? undefined : {issuer, account, request};
  const [name, uid] = [digString(secret, 'name'), digString(secret, 'uid')];
  return name && uid ? {issuer, account, secret: {name, uid}, request} : undefined;
}

/** Kinds that tokens of other servers may be bound to. */
const boundElsewhere = ['pod', 'node'];

function accountOf(workspace?: string, namespace?: string, name?: string, uid?: string): ServiceAccount | undefined {
  return workspace && isWorkspaceId(workspace) && namespace && name && uid ? {workspace, namespace, name, uid} : undefined;
}

function audiencesOf(claims: JsonObject): readonly string[] | undefined {
  const found = dig(claims, 'aud');
  const all = Array.isArray(found) ? found : [found];
  return all.every(one => typeof one === 'string') ? all : undefined;
}

function seconds(claims: JsonObject, name: string): number | undefined {
  const found = dig(claims, name);
  return typeof found === 'number' ? found : undefined;
}
