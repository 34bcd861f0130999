/** Asks the webhook that authorizes, as Kubernetes does: again when that may help, and not again what it has just answered (spec kcp 7.7). */
import {systemAdmin} from '../api/cluster.ts';
import type {Json} from '../api/json.ts';
import {stringify} from '../api/json.ts';
import type {WebhookAnswer, Webhooks} from '../api/webhooks.ts';
import type {Log, World} from '../api/world.ts';
import type {AccessQuestion, AccessVerdict, AccessWebhook, ReviewVersion} from '../auth/access-review.ts';
import {accessReview, readAccessVerdict} from '../auth/access-review.ts';
import {BoundedCache} from '../registry/bounded-cache.ts';
import {decodeJson} from '../wire/json.ts';
import {inLines} from './webhook-lines.ts';

export const accessWebhookLimits = {
  /** One call. */
  callMsMax: 30_000,
  /** All calls about one question, and the pauses between them. */
  questionMsMax: 60_000,
  callsMax: 5,
  firstPauseMs: 500,
  pauseFactor: 1.5,
  /** By how much of itself a pause may be longer, at random. */
  pauseJitter: 0.2,
  answerBytesMax: 1024 * 1024,
  reasonCharsMax: 4_096,
  /** Characters of the questions whose answers are kept. */
  keptCharsMax: 16 * 1024 * 1024,
  /** Kubernetes keeps no answer to more. */
  chosenCharsMax: 10_000,
  /** A webhook that fails is told of so often at most. */
  logPauseMs: 10_000,
} as const;

export type AccessWebhookOptions = {
  /** POSTs to the webhook, whatever client is named. */
  readonly webhooks: Webhooks;
  readonly url: string;
  readonly version: ReviewVersion;
  /** How long an answer is kept, in ms; 0 for not at all. */
  readonly allowedMs: number;
  readonly otherMs: number;
  readonly world: World;
  readonly log: Log;
};

type Kept = {readonly verdict: AccessVerdict; readonly untilMs: number; readonly chars: number};
/** What an entry takes besides its question. */
const overheadChars = 256;

export function accessWebhook({webhooks, url, version, allowedMs, otherMs, world, log}: AccessWebhookOptions): AccessWebhook {
  const lines = inLines(webhooks, world);
  const kept = new BoundedCache<string, Kept>(accessWebhookLimits.keptCharsMax, ({chars}) => chars);
  /** The same question at the same time is asked once. */
  const underWay = new Map<string, Promise<AccessVerdict>>();
  const complain = complaints(world, log);

  const post = (body: Uint8Array, {workspace}: AccessQuestion, timeoutMs: number): Promise<WebhookAnswer> =>
    lines.post({
      client: {at: {url}, caBundle: ''},
      body,
      workspace: workspace === '*' ? systemAdmin : workspace,
      timeoutMs,
      answerBytesMax: accessWebhookLimits.answerBytesMax,
    });

  const consult = async (question: AccessQuestion): Promise<AccessVerdict> => {
    const body = Buffer.from(stringify(accessReview(question.spec, version)));
    const endsMs = world.now() + accessWebhookLimits.questionMsMax;
    let pauseMs: number = accessWebhookLimits.firstPauseMs;
    for (let calls = 1; ; calls++) {
      const answer = await post(body, question, Math.min(accessWebhookLimits.callMsMax, endsMs - world.now()));
      if ('bytes' in answer) return verdictOf(answer.bytes);
      const jitteredMs = pauseMs * (1 + accessWebhookLimits.pauseJitter * world.random());
      const isOver = calls >= accessWebhookLimits.callsMax || world.now() + jitteredMs >= endsMs;
      if (!answer.transient || isOver) return failed(answer.problem);
      await new Promise<void>(resolve => world.after(jitteredMs, resolve));
      pauseMs *= accessWebhookLimits.pauseFactor;
    }
  };
  const verdictOf = (bytes: Uint8Array): AccessVerdict => {
    let said: Json;
    try {
      said = decodeJson(bytes).value;
    } catch (err) {
      return failed(`the answer is not JSON: ${(err as Error).message}`);
    }
    const verdict = readAccessVerdict(said, version);
    if (typeof verdict === 'string') return failed(verdict);
    return {...verdict, reason: verdict.reason.slice(0, accessWebhookLimits.reasonCharsMax)};
  };
  const failed = (error: string): AccessVerdict => {
    complain(error);
    return {allowed: false, denied: false, reason: '', error};
  };
  const keep = (key: string, {chosenChars}: AccessQuestion, verdict: AccessVerdict): void => {
    const forMs = verdict.allowed ? allowedMs : otherMs;
    const isWhole = verdict.error === undefined || verdict.denied;
    if (!isWhole || forMs <= 0 || chosenChars >= accessWebhookLimits.chosenCharsMax) return;
    kept.set(key, {verdict, untilMs: world.now() + forMs, chars: key.length + verdict.reason.length + overheadChars});
  };

  return {
    ask(question) {
      const key = stringify(question.spec);
      const known = kept.get(key);
      if (known && world.now() < known.untilMs) return Promise.resolve(known.verdict);
      const asked =
        underWay.get(key) ??
        consult(question).then(verdict => {
          keep(key, question, verdict);
          underWay.delete(key);
          return verdict;
        });
      underWay.set(key, asked);
      return asked;
    },
  };
}

/** Tells the log of failures, of many at once no more than how many. */
function complaints(world: World, log: Log): (why: string) => void {
  let quietUntilMs = 0;
  let untold = 0;
  return why => {
    untold++;
    if (world.now() < quietUntilMs) return;
    log.error('the authorization webhook failed', {why, failures: untold});
    untold = 0;
    quietUntilMs = world.now() + accessWebhookLimits.logPauseMs;
  };
}
