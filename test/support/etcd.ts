import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {createServer} from 'node:net';

export const etcdIsInstalled = (): boolean => spawnSync('etcd', ['--version']).status === 0;

export type Etcd = {readonly url: string; readonly stop: () => Promise<void>};

/** Starts an etcd of one node on the loopback interface, with its data in the directory. */
export async function startEtcd(directory: string): Promise<Etcd> {
  const [url, peerUrl] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
  const flags = {
    'data-dir': directory,
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': peerUrl,
    'initial-advertise-peer-urls': peerUrl,
    'initial-cluster': `default=${peerUrl}`,
    'max-txn-ops': '1000',
    'max-request-bytes': '10000000',
  };
  const child = spawn(
    'etcd',
    Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]),
    {stdio: 'ignore'},
  );
  const isHealthy = (): Promise<boolean> =>
    fetch(`${url}/health`).then(
      r => r.ok,
      () => false,
    );
  while (!(await isHealthy())) {
    if (child.exitCode !== null) throw new Error(`etcd ended with ${child.exitCode}`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  };
  return {url, stop};
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as {readonly port: number};
  server.close();
  await once(server, 'close');
  return port;
}
