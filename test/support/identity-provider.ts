import {createHash, generateKeyPairSync, randomBytes} from 'node:crypto';
import {once} from 'node:events';
import type {RequestListener} from 'node:http';
import {createServer, request} from 'node:https';
import type {AddressInfo} from 'node:net';
import {text} from 'node:stream/consumers';
import type {TestContext} from 'node:test';
import {servingCertificate} from '../../src/main/pki.ts';

/** A provider of OpenID Connect that runs here, and takes any password. */
export type IdentityProvider = {
  readonly issuer: string;
  /** PEM of who signed its certificate. */
  readonly ca: string;
  readonly clientId: string;
  /** An id token, got as a browser gets it: a form to log in, another to consent, and a code that is changed for the token. */
  login(account: string): Promise<string>;
  /** From now on it signs with another key, and shows that one alone. */
  rotate(): void;
};

type Account = {readonly email: string; readonly groups: readonly string[]};

const clientId = 'kubectl';
const callback = 'http://127.0.0.1/callback';
const scope = 'openid email groups';

/** The part of the library that is used here. */
type Library = {readonly default: new (issuer: string, configuration: object) => {callback(): RequestListener}};
const library: string = 'oidc-provider';

export async function identityProvider(t: TestContext, accounts: {readonly [name: string]: Account}): Promise<IdentityProvider> {
  const {default: Provider} = (await import(library)) as Library;
  const {cert, key, ca} = await servingCertificate('', [], new Date());
  let answer: RequestListener;
  const server = createServer({cert, key}, (incoming, response) => answer(incoming, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let keys = 0;
  const rotate = (): void => {
    const jwk = generateKeyPairSync('rsa', {modulusLength: 2048}).privateKey.export({format: 'jwk'});
    answer = new Provider(issuer, {
      clients: [
        {
          client_id: clientId,
          application_type: 'native',
          redirect_uris: [callback],
          token_endpoint_auth_method: 'none',
          grant_types: ['authorization_code'],
        },
      ],
      claims: {email: ['email', 'email_verified'], groups: ['groups']},
      scopes: ['openid', 'email', 'groups'],
      conformIdTokenClaims: false,
      jwks: {keys: [{...jwk, kid: `key-${++keys}`, use: 'sig', alg: 'RS256'}]},
      cookies: {keys: [randomBytes(16).toString('hex')]},
      findAccount: (_: unknown, accountId: string) =>
        accounts[accountId] && {accountId, claims: () => ({sub: accountId, email_verified: true, ...accounts[accountId]})},
    }).callback();
  };
  rotate();
  return {issuer, ca, clientId, login: account => login(issuer, ca, account), rotate};
}

async function login(issuer: string, ca: string, account: string): Promise<string> {
  const cookies = new Map<string, string>();
  const send = async (
    url: string,
    form?: {readonly [name: string]: string},
  ): Promise<{readonly location: string | undefined; readonly body: string}> => {
    const body = form && new URLSearchParams(form).toString();
    const outgoing = request(url, {
      ca,
      agent: false,
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(body !== undefined && {'content-type': 'application/x-www-form-urlencoded'}),
      },
    });
    outgoing.end(body);
    const [response] = await once(outgoing, 'response');
    for (const line of (response.headers['set-cookie'] ?? []) as string[]) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    return {location: response.headers.location as string | undefined, body: await text(response)};
  };
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    client_id: clientId,
    response_type: 'code',
    scope,
    redirect_uri: callback,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  let url = `${issuer}/auth?${query}`;
  for (let steps = 0; !url.startsWith(callback); steps++) {
    if (steps > 20) throw new Error('the login goes in circles');
    let {location, body} = await send(url);
    if (location === undefined) {
      const prompt = /name="prompt" value="(\w+)"/.exec(body)?.[1];
      if (prompt === undefined) throw new Error(`the provider asks nothing that is understood: ${body.slice(0, 500)}`);
      ({location, body} = await send(url, {prompt, ...(prompt === 'login' && {login: account, password: 'any'})}));
    }
    if (location === undefined) throw new Error(`the provider leads nowhere: ${body.slice(0, 500)}`);
    url = new URL(location, url).href;
  }
  const code = new URL(url).searchParams.get('code') ?? '';
  const form = {grant_type: 'authorization_code', code, redirect_uri: callback, client_id: clientId, code_verifier: verifier};
  const {body} = await send(`${issuer}/token`, form);
  const {id_token: token} = JSON.parse(body) as {id_token?: string};
  if (token === undefined) throw new Error(`no token was given: ${body}`);
  return token;
}
