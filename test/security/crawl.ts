/** Sends random requests of all kinds of users at once, and looks for what they should not have seen in every byte that comes back. */

import type {Handler, HttpReply} from '../../src/server/http.ts';
import {headerList} from '../../src/server/http.ts';
import {canariesIn, seenBytes} from './canary.ts';
import {type Judge, Lingering, listen} from './listening.ts';
import type {Material} from './material.ts';
import {randomOf} from './random.ts';
import {type RandomRequest, randomRequest} from './requests.ts';
import type {Tenants} from './tenants.ts';

export type CrawlOptions = {
  readonly seed: string;
  /** So many by users who may see nothing of where they ask; others come besides. */
  readonly foreign: number;
  /** So many are under way at once. */
  readonly atOnce: number;
  readonly handler: Handler;
  /** Lets time pass while answers are awaited; told how often it was called for the same requests. */
  pass(turn: number): Promise<void>;
  /** What happens between two batches: workspaces that go and come. */
  readonly between?: (foreign: number) => Promise<void>;
  /** How many turns of `pass` a body that goes on is listened to after its last piece. */
  readonly quietTurns: number;
};

export type Crawl = {
  /** What somebody saw that is not theirs, or was not answered: with the request and the seed. */
  readonly found: readonly string[];
  /** How often somebody saw their own canaries: without it, nothing would have been proved. */
  readonly own: number;
  /** How many were sent by those who may see nothing of where they asked, and in all. */
  readonly foreign: number;
  readonly sent: number;
  /** Answers by status. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Answers of 200 and 201 by method, and by what was accepted. */
  readonly successes: ReadonlyMap<string, number>;
};

const poolMax = 200;
const foundMax = 5;
/** Of real time: keys are made and signed by threads. */
const silenceMsMax = 60_000;

/** Ends early once a few things were found. */
export async function crawl(tenants: Tenants, goneIds: readonly string[], options: CrawlOptions): Promise<Crawl> {
  const random = randomOf(options.seed);
  const found: string[] = [];
  const statuses = new Map<number, number>();
  const successes = new Map<string, number>();
  const continueTokens: string[] = [];
  const tags: string[] = [];
  let [own, foreign, sent] = [0, 0, 0];
  let revision = 1;
  const material = (): Material => ({...tenants, goneIds, continueTokens, tags, revision});

  const judge: Judge = (request, {status, headers}, body) => {
    const tell = (what: string): void => {
      if (found.length < foundMax)
        found.push(
          `${what} (seed ${options.seed}): ${request.asker.name} ${described(request)} → ${status} ${body.toString('latin1').slice(0, 500)}`,
        );
    };
    count(statuses, status);
    if (status === 200 || status === 201) {
      count(successes, request.method);
      count(successes, String(request.headers['accept'] ?? 'anything'));
    }
    for (const {workspace, kind} of canariesIn(seenBytes(headers, body))) {
      const sight = request.asker.sees.get(workspace);
      if (sight === 'all' || (sight === 'view' && kind === 'o')) own++;
      else tell(`a canary of ${workspace}`);
    }
    remember(tags, headers['etag']);
    const text = body.toString('latin1', 0, 4_000);
    const token = /"continue":"([^"]+)"/.exec(text)?.[1];
    // A token that holds a canary itself would come back in answers.
    if (token !== undefined && canariesIn(Buffer.from(token, 'base64url')).length === 0) remember(continueTokens, token);
    revision = Math.max(revision, Number(/"resourceVersion":"(\d{1,12})"/.exec(text)?.[1] ?? 0));
  };

  const lingering = new Lingering(judge);
  while (foreign < options.foreign && found.length === 0) {
    const batch = Array.from({length: options.atOnce}, () => randomRequest(random, material()));
    const waiting = new Set(batch);
    const clock = {turn: 0};
    for (const request of batch)
      void ask(options, request, clock, lingering)
        .then(
          answer => answer && judge(request, answer.reply, answer.body),
          err => found.push(`no answer (seed ${options.seed}): ${described(request)}: ${err instanceof Error ? err.stack : err}`),
        )
        .finally(() => waiting.delete(request));
    const begun = Date.now();
    for (; waiting.size > 0; clock.turn++) {
      await options.pass(clock.turn);
      if (Date.now() - begun > silenceMsMax)
        throw new Error(`never answered (seed ${options.seed}): ${[...waiting].map(described).join('\n')}`);
    }
    sent += batch.length;
    foreign += batch.filter(request => request.foreign).length;
    await options.between?.(foreign);
  }
  lingering.endAll();
  return {found, own, foreign, sent, statuses, successes};
}

const count = <K>(counts: Map<K, number>, key: K): void => void counts.set(key, (counts.get(key) ?? 0) + 1);

function remember(pool: string[], value: string | readonly string[] | undefined): void {
  if (typeof value !== 'string') return;
  if (pool.length >= poolMax) pool.shift();
  pool.push(value);
}

const described = ({method, target, headers, body}: RandomRequest): string =>
  `${method} ${target} ${JSON.stringify(headers)}${body ? ` ${Buffer.from(body).toString().slice(0, 1_000)}` : ''}`;

type Clock = {turn: number};
type Answered = {readonly reply: HttpReply; readonly body: Buffer};

/** The whole answer; undefined when the client itself would not send such a request, or goes on listening. */
async function ask(options: CrawlOptions, request: RandomRequest, clock: Clock, lingering: Lingering): Promise<Answered | undefined> {
  const {asker, method, target, headers, body} = request;
  let reply: HttpReply;
  try {
    reply = await options.handler({
      method,
      target,
      headers: headerList({...(asker.token && {authorization: `Bearer ${asker.token}`}), ...headers}),
      remoteAddress: '',
      body: async () => body ?? new Uint8Array(),
      signal: new AbortController().signal,
    });
  } catch (err) {
    if (unsendable.has((err as {code?: string}).code ?? '')) return undefined;
    throw err;
  }
  if (method === 'HEAD') return {reply, body: Buffer.alloc(0)};
  const {body: sent} = reply;
  if (typeof sent !== 'function') return {reply, body: sent === undefined ? Buffer.alloc(0) : Buffer.concat([sent].flat())};
  if (request.lingers) return lingering.add(request, reply, sent);
  return {reply, body: await listen(sent, options.quietTurns, clock)};
}

const unsendable: ReadonlySet<string> = new Set([
  'ERR_UNESCAPED_CHARACTERS',
  'ERR_INVALID_CHAR',
  'ERR_INVALID_HTTP_TOKEN',
  'HPE_INVALID_CONSTANT',
  'ECONNRESET',
]);
