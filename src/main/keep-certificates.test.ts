import assert from 'node:assert/strict';
import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {TestContext} from 'node:test';
import {test} from 'node:test';
import type {Config} from './flags.ts';
import {parseFlags} from './flags.ts';
import {firstCertificates, keepCertificates} from './keep-certificates.ts';
import type {Certificates} from './listen.ts';
import {createLog} from './log.ts';
import {clientCa, servingCertificate} from './pki.ts';

const hosts = ['localhost'];
const dayMs = 24 * 60 * 60 * 1000;

test('a client CA is made after the start, and believed from the next start on', async t => {
  const config = configOf('--root-directory', folder(t));
  const first = await firstCertificates(config, hosts);
  assert.equal(first.clientCa, undefined);
  const {renewed, lines} = await keep(t, config, first);
  const made = await renewed(1);
  assert.equal(made.cert, first.cert, 'the serving certificate stays');
  assert.match(made.clientCa ?? '', /^-----BEGIN CERTIFICATE-----/);
  assert.equal((await firstCertificates(config, hosts)).clientCa, made.clientCa);
  assert.deepEqual(lines(), []);
});

test('files that were replaced are taken over within a day', async t => {
  const outside = folder(t);
  const pair = await servingCertificate('', hosts, new Date());
  const files = {cert: join(outside, 'tls.crt'), key: join(outside, 'tls.key'), ca: join(outside, 'ca.crt')};
  const write = ({cert, key}: Certificates, ca: string): void => {
    writeFileSync(files.cert, cert);
    writeFileSync(files.key, key);
    writeFileSync(files.ca, ca);
  };
  const [caBefore, caAfter] = await Promise.all([clientCa('', new Date()), clientCa('', new Date())]);
  write(pair, caBefore.cert);
  const root = folder(t);
  const config = configOf(
    '--root-directory',
    root,
    '--tls-cert-file',
    files.cert,
    '--tls-private-key-file',
    files.key,
    '--client-ca-file',
    files.ca,
  );
  const first = await firstCertificates(config, hosts);
  assert.deepEqual([first.cert, first.clientCa], [pair.cert, caBefore.cert]);

  t.mock.timers.enable({apis: ['setInterval']});
  const {renewed, lines} = await keep(t, config, first);
  write(await servingCertificate('', hosts, new Date()), caAfter.cert);
  t.mock.timers.tick(dayMs);
  const now = await renewed(1);
  assert.notEqual(now.cert, pair.cert);
  assert.equal(now.clientCa, caAfter.cert);
  assert.ok(!existsSync(join(root, 'client-ca.crt')), 'no CA of our own beside a given one');

  rmSync(files.ca);
  t.mock.timers.tick(dayMs);
  await turns();
  assert.match(lines().join('\n'), /the certificates could not be renewed/);
});

test('files that would not work are refused at the start, and not taken over later', async t => {
  const outside = folder(t);
  const file = (name: string, content: string): string => {
    writeFileSync(join(outside, name), content);
    return join(outside, name);
  };
  const [one, other] = await Promise.all([servingCertificate('', hosts, new Date()), servingCertificate('', hosts, new Date())]);
  const root = folder(t);
  const noCa = configOf('--root-directory', root, '--client-ca-file', file('no-ca', 'hello'));
  await assert.rejects(firstCertificates(noCa, hosts), {message: 'the file of --client-ca-file holds no certificate'});
  const pair = configOf('--root-directory', root, '--tls-cert-file', file('crt', one.cert), '--tls-private-key-file', file('key', one.key));
  const first = await firstCertificates(pair, hosts);
  file('crt', other.cert);
  const {lines} = await keep(t, pair, first);
  for (let i = 0; lines().length === 0 && i < 100; i++) await turns();
  assert.match(lines().join('\n'), /could not be renewed.*--tls-private-key-file does not belong to the certificate/);
});

test('without a root directory there is no client CA', async () => {
  const config = configOf('--root-directory=', '--storage=memory');
  const first = await firstCertificates(config, hosts);
  assert.equal(first.clientCa, undefined);
});

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'kcp-certificates-'));
  t.after(() => rmSync(made, {recursive: true}));
  return made;
}

function configOf(...args: readonly string[]): Config {
  const parsed = parseFlags(args, '/');
  assert.ok('config' in parsed);
  return parsed.config;
}

/** Keeps certificates until the end of the test; `renewed` waits for so many renewals and gives the last. */
async function keep(t: TestContext, config: Config, first: Certificates & {ca: string}) {
  const lines: string[] = [];
  const log = createLog({level: 'warn', format: 'text', write: line => void lines.push(line), now: () => new Date()});
  const renewals: Certificates[] = [];
  const end = keepCertificates(config, {hosts, first, renew: certificates => void renewals.push(certificates), log});
  t.after(end);
  const renewed = async (count: number): Promise<Certificates> => {
    for (let i = 0; renewals.length < count && i < 500; i++) await turns();
    assert.equal(renewals.length, count);
    return renewals.at(-1) as Certificates;
  };
  return {renewed, lines: () => lines};
}

const turns = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 10));
