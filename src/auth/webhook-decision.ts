import type {AccessQuestion, AccessVerdict, AccessWebhook} from './access-review.ts';
import {accessQuestion} from './access-review.ts';
import type {Attributes} from './attributes.ts';
import type {Decision} from './decision.ts';
import {allowed, denied, refused} from './decision.ts';
import {effectiveUsers} from './effective-users.ts';
import type {User} from './user.ts';
import {groups} from './user.ts';

export const webhookDecisionLimits = {
  /** Questions of those who cannot wait, in one request. What needs more is decided as if nobody answered. */
  questionsMax: 32,
} as const;

/** What clients are told of a webhook that does not answer: where it is and what it suffers from is for the log. */
const notAsked = 'the authorization webhook could not be asked';

/** What a webhook says of all that a user counts as in a workspace, one after the other (spec kcp 7.4, 7.7). Yields what is to be asked. */
export function* askWebhook(user: User, attributes: Attributes): Generator<AccessQuestion, Decision, AccessVerdict> {
  const reasons: string[] = [];
  let failed = false;
  for (const one of effectiveUsers(user, attributes.workspace)) {
    // Whoever decides this outside cannot lock out those who run the server.
    if (one.groups.includes(groups.masters)) return allowed('webhook', `member of ${groups.masters}`);
    const verdict = yield accessQuestion(one, attributes);
    failed ||= verdict.error !== undefined;
    if (verdict.allowed) return allowed('webhook', verdict.reason);
    if (verdict.denied) return {...denied('webhook', verdict.reason), ...(verdict.error !== undefined && {error: verdict.error})};
    if (verdict.reason !== '') reasons.push(verdict.reason);
  }
  return {...refused('webhook', reasons.join('\n')), ...(failed && {error: notAsked})};
}

/** Waits for the answers. */
export async function answered(asking: ReturnType<typeof askWebhook>, webhook: AccessWebhook): Promise<Decision> {
  for (let next = asking.next(); ; ) {
    if (next.done) return next.value;
    next = asking.next(await webhook.ask(next.value));
  }
}

/** Thrown by who cannot wait for an answer. */
class Unanswered extends Error {
  readonly question: AccessQuestion;

  constructor(question: AccessQuestion) {
    super('this has to be asked first');
    this.question = question;
  }
}

const keyOf = ({workspace, spec}: AccessQuestion): string => `${workspace} ${JSON.stringify(spec)}`;
const notToBeHad: AccessVerdict = {allowed: false, denied: false, reason: '', error: notAsked};

/** What was said to the questions of those who cannot wait. */
export class Answers {
  readonly #webhook: AccessWebhook | undefined;
  readonly #known = new Map<string, AccessVerdict>();
  #failed = false;

  constructor(webhook: AccessWebhook | undefined) {
    this.#webhook = webhook;
  }

  /** Decides by answers that are there. @throws Unanswered for the first that is not */
  decide(asking: ReturnType<typeof askWebhook>): Decision {
    for (let next = asking.next(); ; ) {
      if (next.done) return next.value;
      const verdict = this.#known.get(keyOf(next.value));
      if (verdict === undefined) throw new Unanswered(next.value);
      next = asking.next(verdict);
    }
  }

  /**
   * Calls a function that finds something out, and again whenever it was broken off for want of an answer, until it comes to its end. It has to let through
   * what breaks it off, and to do nothing else meanwhile.
   */
  async settle<T>(evaluate: () => T): Promise<T> {
    for (;;) {
      try {
        return evaluate();
      } catch (err) {
        if (!(err instanceof Unanswered)) throw err;
        this.#known.set(keyOf(err.question), await this.#ask(err.question));
      }
    }
  }

  async #ask(question: AccessQuestion): Promise<AccessVerdict> {
    // One failure costs its time once.
    if (!this.#webhook || this.#failed || this.#known.size >= webhookDecisionLimits.questionsMax) return notToBeHad;
    const verdict = await this.#webhook.ask(question);
    this.#failed ||= verdict.error !== undefined;
    return verdict;
  }
}
