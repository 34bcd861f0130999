import {Buffer} from 'node:buffer';
import type {Outcome} from '../program.ts';

/** Longer messages are not used (spec kubernetes-api 6.6). */
const messageBytesMax = 5 * 1024;

/** What a message expression came to: a message; or the end of all checking; or neither, and the fixed message serves. */
export type MadeMessage = {readonly message?: string; readonly fatal?: string};

/** Reads the outcome of a message expression; undefined is one that the budget did not allow. */
export function madeMessage(outcome: Outcome | undefined, source: string): MadeMessage {
  const further = 'no further validation rules will be run';
  if (!outcome) return {fatal: `messageExpression evaluation failed due to running out of cost budget, ${further}`};
  if (!outcome.ok) {
    if (!outcome.exhausted) return {};
    return {fatal: `${further} due to call cost exceeds limit for messageExpression: ${JSON.stringify(source)}`};
  }
  const message = typeof outcome.value === 'string' ? outcome.value.trim() : '';
  return message && !message.includes('\n') && Buffer.byteLength(message) <= messageBytesMax ? {message} : {};
}
