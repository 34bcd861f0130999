import type {WorkspaceId} from '../api/cluster.ts';
import type {HttpReply, HttpRequest} from './http.ts';

/** What is too much for the thread that everybody waits for; half a millisecond of parsing is some thousand values. */
export const heavyLimits = {
  /** Whatever is in them. */
  jsonBytesMax: 512 * 1024,
  /** JSON up to this size is not even looked at. */
  jsonBytesLight: 16 * 1024,
  /** Of larger JSON. */
  jsonValuesMax: 4_000,
  yamlBytesMax: 8 * 1024,
  protobufBytesMax: 64 * 1024,
  /** What rules of a schema may spend, by Kubernetes' count, and the steps that it does not count: a few milliseconds. */
  rulesCostMax: 100_000,
  rulesStepsMax: 250_000,
} as const;

/** Another thread, which answers as this one would. */
export type Elsewhere = {
  /** `workspace`: on whose account. @throws ApiError TooManyRequests, ServiceUnavailable */
  answer(request: HttpRequest, workspace: WorkspaceId | '*'): Promise<Answered>;
};

/** `tookMs`: how long that thread worked on it, where that is known. */
export type Answered = HttpReply & {readonly tookMs?: number};

/** What of the server weighing needs. */
type Weighing = {readonly elsewhere?: Elsewhere | undefined};

/** Thrown by work that found itself too heavy, before it has changed anything: the whole request is answered elsewhere. */
export class Heavy extends Error {}

/** Without a stack of its own: it is no mistake. */
const heavy = new Heavy('this work is for another thread');

export type Form = 'json' | 'yaml' | 'protobuf';

/** Has bytes that are about to be read answered elsewhere, where there is an elsewhere and they are too much. @throws Heavy */
export function checkWeight({elsewhere}: Weighing, bytes: Uint8Array, form: Form = 'json'): void {
  if (elsewhere && isHeavy(bytes, form)) throw heavy;
}

/** The same of what is about to be written or changed, so many bytes of it. @throws Heavy */
export function checkSize({elsewhere}: Weighing, size: number, form: Form = 'json'): void {
  if (elsewhere && size > bytesMax[form]) throw heavy;
}

/** The patience for rules; endless where there is no elsewhere. */
export const patience = ({elsewhere}: Weighing) =>
  elsewhere && {
    cost: heavyLimits.rulesCostMax as number,
    steps: heavyLimits.rulesStepsMax as number,
    lost: (): never => {
      throw heavy;
    },
  };

const bytesMax: {readonly [form in Form]: number} = {
  json: heavyLimits.jsonBytesMax,
  yaml: heavyLimits.yamlBytesMax,
  protobuf: heavyLimits.protobufBytesMax,
};

export function isHeavy(bytes: Uint8Array, form: Form): boolean {
  if (bytes.length > bytesMax[form]) return true;
  // Of anchors a few bytes can become very much.
  if (form === 'yaml') return bytes.includes(ampersand);
  return (
    form === 'json' && bytes.length > heavyLimits.jsonBytesLight && valuesOf(bytes, heavyLimits.jsonValuesMax) > heavyLimits.jsonValuesMax
  );
}

const ampersand = 0x26;
const [quote, backslash, comma, openBrace, openBracket] = [0x22, 0x5c, 0x2c, 0x7b, 0x5b];

/** About how many values JSON holds, well-formed or not; counting ends beyond `max`. */
export function valuesOf(bytes: Uint8Array, max: number): number {
  let count = 1;
  for (let i = 0; i < bytes.length && count <= max; i++) {
    const byte = bytes[i];
    if (byte === comma || byte === openBrace || byte === openBracket) count++;
    else if (byte === quote) {
      const end = textEnd(bytes, i);
      if (end < 0) break;
      i = end;
    }
  }
  return count;
}

/** Where the text ends that begins at `start`; -1 when it does not. */
function textEnd(bytes: Uint8Array, start: number): number {
  for (let end = bytes.indexOf(quote, start + 1); end >= 0; end = bytes.indexOf(quote, end + 1)) {
    let escapes = 0;
    while (bytes[end - 1 - escapes] === backslash) escapes++;
    if (escapes % 2 === 0) return end;
  }
  return -1;
}
