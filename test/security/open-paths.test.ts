/** Without credentials exactly the intended paths answer (spec reliability-and-security K4, T22, CVE-2019-11248, goal G25). */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import {inProcess, isStarted, startPlane, users} from '../support/plane.ts';
import {randomOf} from './random.ts';

const plane = await startPlane();
after(async () => {
  assert.deepEqual(plane.errors, []);
  await plane.stop();
});
await plane.workspace('open');
const stranger = plane.api.as('');
// The client that asks a started server takes a CONNECT for a wish of its own.
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', ...(isStarted ? [] : ['CONNECT'])];

/** What answers 200 to everybody, by GET and HEAD alone: health with its single checks, and the version. */
const checks = ['ping', 'log', 'etcd'];
const open: ReadonlySet<string> = new Set([
  '/version',
  ...['healthz', 'livez', 'readyz'].flatMap(path => [`/${path}`, `/${path}/`, ...checks.map(check => `/${path}/${check}`)]),
  '/version/',
  '/readyz/informer-sync',
  '/readyz/shutdown',
]);

/** Everything there is, as the documents of discovery tell an administrator, and what others serve that we do not. */
async function everyPath(): Promise<readonly string[]> {
  const at = plane.api.as(users.kcpAdmin).in('/clusters/root:open');
  const {paths} = JSON.parse((await at.get('/')).text) as {paths: readonly string[]};
  const v3 = JSON.parse((await at.get('/openapi/v3')).text) as {paths: object};
  const swagger = JSON.parse((await at.get('/openapi/v2')).text) as {paths: object};
  const resources = Object.keys(swagger.paths).map(path => path.replaceAll(/\{\w+\}/g, 'default'));
  return [
    ...paths,
    ...Object.keys(v3.paths).map(path => `/openapi/v3/${path}`),
    ...resources,
    ...['/', '/index.html', '/api', '/apis', '/openapi/v2', '/swagger.json', '/swagger-2.0.0.json', '/metrics', '/metrics/slis'],
    ...['/debug/pprof', '/debug/pprof/', '/debug/pprof/heap', '/debug/flags/v', '/debug/api_priority_and_fairness/dump_requests'],
    ...[
      '/logs',
      '/logs/a',
      '/configz',
      '/flagz',
      '/statusz',
      '/proxy',
      '/ui',
      '/static',
      '/.well-known/openid-configuration',
      '/openid/v1/jwks',
    ],
    ...[
      '/services',
      '/services/apiexport/root/tenancy.kcp.io/clusters/*/api',
      '/services/initializingworkspaces/root:x/clusters/*/api/v1/secrets',
    ],
    ...[
      '/services/cache/shards/root/clusters/root/api/v1/secrets',
      '/services/contentconfigurations',
      '/mounts',
      '/e/clusters/root',
      '/shards/root',
    ],
    ...['/healthz', '/livez', '/readyz', '/version'].flatMap(path => [path, `${path}/`, ...checks.map(check => `${path}/${check}`)]),
    ...['/readyz/informer-sync', '/readyz/shutdown', '/readyz/poststarthook/kcp-start-controllers', '/readyz/secrets', '/versions'],
    ...[
      '/clusters',
      '/clusters/',
      '/clusters/root/clusters/root/api',
      '/healthz/../api',
      '/healthz/%2e%2e/api',
      '/healthz%2f..%2fapi',
      '/READYZ',
    ],
  ];
}

const places = ['', '/clusters/root', '/clusters/root:open', '/clusters/*', '/clusters/system:admin', '/clusters/nowhere0nowhere0'];

test('K4 T22 CVE-2019-11248 without credentials exactly the intended paths answer', async () => {
  const answered = new Set<string>();
  for (const path of await everyPath())
    for (const place of places)
      for (const method of methods) {
        const {status, text} = await stranger.send(method, place + path);
        if (status < 400) {
          assert.ok(open.has(path), `${method} ${place}${path} → ${status} ${text.slice(0, 200)}`);
          assert.ok(method === 'GET' || method === 'HEAD', `${method} ${place}${path} → ${status}`);
          answered.add(path);
        } else assert.ok([400, 403, 404, 405].includes(status), `${method} ${place}${path} → ${status} ${text.slice(0, 200)}`);
      }
  // The list is no longer than it has to be.
  assert.deepEqual([...answered].sort(), [...open].sort());
});

test('K4 no other spelling of a path, no header and no other credentials open it', async () => {
  const random = randomOf('spellings');
  const paths = await everyPath();
  const headers = [
    {},
    {authorization: 'Bearer made-up'},
    {authorization: 'Basic YWRtaW46YWRtaW4='},
    {authorization: `Bearer ${users.kcpAdmin}x`},
    {authorization: `${users.kcpAdmin}`},
    {'x-remote-user': 'admin', 'x-remote-group': 'system:masters'},
    {'x-forwarded-user': 'admin', 'x-original-uri': '/readyz'},
    {'x-http-method-override': 'GET', 'x-rewrite-url': '/readyz'},
    {cookie: `token=${users.kcpAdmin}`},
    {'impersonate-user': 'system:admin', 'impersonate-group': 'system:masters'},
  ];
  const spell = (path: string): string =>
    random.weighted([
      [2, path],
      [1, path.toUpperCase()],
      [1, `/readyz/..${path}`],
      [1, `/readyz/%2e%2e${path}`],
      [1, `/readyz;${path}`],
      [1, `/readyz%00${path}`],
      [1, `/readyz?x=${path}`.replace('?x=', '%3f')],
      [1, `${path}%2freadyz`],
      [1, `${path}/readyz`],
      [1, `/${path}`],
      [1, path.replaceAll('a', '%61')],
      [1, path.replaceAll('/', '%2f')],
    ]);
  for (let i = 0; i < 10_000; i++) {
    const target = random.pick(places) + spell(random.pick(paths));
    const method = random.pick(methods);
    const sent = random.pick(headers);
    const {status, text} = await stranger.send(method, target, undefined, sent);
    const canonical = decodeURIComponent(target.replace(/%(?![0-9a-f]{2})/gi, '%25')).replace(/^\/clusters\/[^/]+/, '');
    if (status < 400) assert.ok(open.has(canonical), `${method} ${target} ${JSON.stringify(sent)} → ${status} ${text.slice(0, 200)}`);
  }
});

test('T22 what is open tells nothing of workspaces', inProcess, async () => {
  for (const path of open) {
    const {text} = await stranger.get(path);
    assert.doesNotMatch(text, /root|open|place|user-/, path);
  }
});
