/** Tokens as they come: JSON Web Tokens in compact form, of which nothing is believed yet. */
import type {Json, JsonObject} from '../../api/json.ts';
import {digString, isObject} from '../../api/json.ts';
import {parse} from '../../api/parse-json.ts';

const compactLimits = {
  /** Longer ones are not looked at. */
  charsMax: 16 * 1024,
  /** Of values within each other. */
  depthMax: 64,
} as const;

export type Compact = {
  readonly issuer: string;
  readonly algorithm: string;
  readonly kid: string | undefined;
  readonly claims: JsonObject;
  readonly audiences: readonly string[];
  /** Seconds since the epoch. */
  readonly expires: number | undefined;
  readonly notBefore: number | undefined;
};

const form = /^([\w-]+)\.([\w-]+)\.[\w-]*$/;

/** Reads a token without judging it; undefined when it is none. */
export function readCompact(token: string): Compact | undefined {
  if (token.length > compactLimits.charsMax) return undefined;
  const [, head, body] = form.exec(token) ?? [];
  const header = head === undefined ? undefined : json(head);
  const claims = body === undefined ? undefined : json(body);
  if (!header || !claims) return undefined;
  const [algorithm, issuer, kid] = [digString(header, 'alg'), digString(claims, 'iss'), header['kid']];
  const audiences = audiencesOf(claims['aud']);
  if (algorithm === undefined || issuer === undefined || !audiences || !(kid === undefined || typeof kid === 'string')) return undefined;
  return {issuer, algorithm, kid, claims, audiences, expires: seconds(claims['exp']), notBefore: seconds(claims['nbf'])};
}

const utf8 = new TextDecoder('utf-8', {fatal: true});

function json(part: string): JsonObject | undefined {
  try {
    const value = parse(utf8.decode(Buffer.from(part, 'base64url')));
    return isObject(value) && isShallow(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether no value lies too deep within others. */
function isShallow(value: JsonObject): boolean {
  let level: readonly Json[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > compactLimits.depthMax) return false;
    level = level.flatMap(each => (typeof each === 'object' && each !== null ? Object.values(each) : []));
  }
  return true;
}

function audiencesOf(aud: Json | undefined): readonly string[] | undefined {
  const all = aud === undefined ? [] : Array.isArray(aud) ? aud : [aud];
  return all.every(one => typeof one === 'string') ? all : undefined;
}

const seconds = (value: Json | undefined): number | undefined => (typeof value === 'number' && Number.isFinite(value) ? value : undefined);
