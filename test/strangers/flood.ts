/** A thread that asks for as much as it can and waits for nothing: what it is told is counted and not heeded. */
import {type ClientHttp2Session, connect} from 'node:http2';
import {parentPort, Worker, workerData} from 'node:worker_threads';

export type Flood = {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
  /** The collection that is listed, and created in. */
  readonly path: string;
  readonly connections: number;
  /** Requests that are under way all the time. */
  readonly parallel: number;
  readonly ms: number;
};

export type Flooded = {
  readonly statuses: {readonly [status: number]: number};
  /** What the answers of 429 said, in seconds; NaN where they said nothing. */
  readonly retryAfter: readonly number[];
};

/** Floods from a thread of its own; resolves when it is over. */
export function flood(plan: Flood): Promise<Flooded> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), {workerData: plan});
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const bytesOfObject = 200_000;

async function run(plan: Flood): Promise<Flooded> {
  const statuses: {[status: number]: number} = {};
  const retryAfter: number[] = [];
  const endsAt = performance.now() + plan.ms;
  const sessions = await Promise.all(Array.from({length: plan.connections}, () => open(plan)));
  let made = 0;
  const lane = async (i: number): Promise<void> => {
    while (performance.now() < endsAt) {
      const writes = i % 4 === 0;
      const name = `flood-${made++}`;
      const body = writes ? JSON.stringify({metadata: {name}, data: {text: 'x'.repeat(bytesOfObject)}}) : undefined;
      const {status, seconds} = await ask(sessions[i % sessions.length]!, plan, body);
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === 429) retryAfter.push(seconds);
    }
  };
  await Promise.all(Array.from({length: plan.parallel}, (_, i) => lane(i)));
  for (const session of sessions) session.destroy();
  return {statuses, retryAfter};
}

function open({url, ca}: Flood): Promise<ClientHttp2Session> {
  const session = connect(url, {ca});
  return new Promise((resolve, reject) => session.once('connect', () => resolve(session)).once('error', reject));
}

function ask(session: ClientHttp2Session, {path, token}: Flood, body: string | undefined): Promise<{status: number; seconds: number}> {
  const stream = session.request({
    ':path': path,
    ':method': body === undefined ? 'GET' : 'POST',
    authorization: `Bearer ${token}`,
    ...(body === undefined ? {accept: table} : {'content-type': 'application/json'}),
  });
  return new Promise(resolve => {
    let [status, seconds] = [0, Number.NaN];
    stream.on('response', headers => {
      status = Number(headers[':status']);
      seconds = Number(headers['retry-after']);
    });
    stream.on('error', () => undefined);
    stream.once('close', () => resolve({status, seconds}));
    stream.resume();
    stream.end(body);
  });
}

if (parentPort && workerData) run(workerData as Flood).then(flooded => parentPort?.postMessage(flooded));
