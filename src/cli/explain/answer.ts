/** What the server says to a question: read with care, as it may be another one, or an older. */
import type {Json} from '../../api/json.ts';
import {dig, digString, isObject} from '../../api/json.ts';
import {parse} from '../../api/parse-json.ts';

export type Step = {readonly authorizer: string; readonly outcome: string; readonly reason?: string};

export type Explanation = {
  readonly allowed: boolean;
  /** Nothing in the workspace can allow it. */
  readonly denied: boolean;
  /** In one line. */
  readonly reason: string;
  readonly error?: string | undefined;
  /** None when the server does not explain itself. */
  readonly steps: readonly Step[];
  readonly decidedBy?: Json | undefined;
  readonly nearestMisses: readonly string[];
  /** Whether who asks may know all of it. */
  readonly complete: boolean;
};

/** Where the server puts the whole of it. */
const annotation = 'authorization.kcp-ts.dev/explanation';

/** Reads the answer to a review of access. */
export function readAnswer(review: Json): Explanation {
  const status = dig(review, 'status');
  const whole = parsed(digString(review, 'metadata', 'annotations', annotation));
  const reason = digString(status, 'reason') ?? '';
  const error = digString(status, 'evaluationError');
  return {
    allowed: dig(status, 'allowed') === true,
    denied: dig(status, 'denied') === true,
    reason,
    ...(error && {error}),
    steps: listOf(whole, 'steps').flatMap(stepOf),
    ...(dig(whole, 'decidedBy') !== undefined && {decidedBy: dig(whole, 'decidedBy')}),
    nearestMisses: listOf(whole, 'nearestMisses').flatMap(miss => digString(miss, 'text') ?? []),
    complete: dig(whole, 'complete') === true,
  };
}

/** Where one may not even ask: the door of the workspace is closed. */
export const closed = (message: string): Explanation => ({
  allowed: false,
  denied: false,
  reason: message,
  steps: [{authorizer: '02-content', outcome: 'NoOpinion', reason: 'no access to the workspace'}],
  nearestMisses: [],
  complete: false,
});

function parsed(text: string | undefined): Json | undefined {
  if (text === undefined) return undefined;
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function listOf(from: Json | undefined, key: string): readonly Json[] {
  const found = dig(from, key);
  return Array.isArray(found) ? found : [];
}

function stepOf(step: Json): Step[] {
  const [authorizer, outcome, reason] = ['authorizer', 'outcome', 'reason'].map(key => (isObject(step) ? digString(step, key) : undefined));
  return authorizer && outcome ? [{authorizer, outcome, ...(reason && {reason})}] : [];
}
