import {createHash} from 'node:crypto';

declare const workspaceId: unique symbol;
/**
 * The name of a logical cluster: 16 characters, or a well-known word such as `root`, or `system:…`. Never a path:
 * storage keys are made of ids alone, and only `workspaceIdOf` makes one.
 */
export type WorkspaceId = string & {readonly [workspaceId]: true};

const segment = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
const segmentPattern = new RegExp(`^${segment}$`);
const pathPattern = new RegExp(`^${segment}(:${segment})*$`);
const systemPattern = /^system:[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(:[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** Whether `text` may be a logical cluster's name (spec kcp 2.1): one segment, or anything below `system:`. */
export const isWorkspaceId = (text: string): text is WorkspaceId => segmentPattern.test(text) || systemPattern.test(text);

/** Whether `text` is a workspace path, of which a single segment is the shortest. */
export const isWorkspacePath = (text: string): boolean => pathPattern.test(text);

/** Whether `text` may name a workspace below its parent. */
export const isWorkspaceName = (text: string): boolean => segmentPattern.test(text);

export function workspaceIdOf(text: string): WorkspaceId {
  if (!isWorkspaceId(text)) throw new TypeError(`not a workspace id: ${JSON.stringify(text)}`);
  return text;
}

export const root: WorkspaceId = workspaceIdOf('root');
export const systemAdmin: WorkspaceId = workspaceIdOf('system:admin');
export const systemCrds: WorkspaceId = workspaceIdOf('system:system-crds');
export const systemShard: WorkspaceId = workspaceIdOf('system:shard');

const base36 = '0123456789abcdefghijklmnopqrstuvwxyz';
const base62 = `${base36}ABCDEFGHIJKLMNOPQRSTUVWXYZ`;

/**
 * Bytes as one big number in the given alphabet; `pad` puts one `0` before it per leading zero byte (spec kcp 2.2). Long division, several digits
 * at a time: with bigints this was an eighth of the cost of a new workspace.
 */
function inBase(bytes: Uint8Array, alphabet: string, pad: boolean): string {
  const base = alphabet.length;
  const limbs: number[] = [];
  for (let i = bytes.length; i > 0; i -= 2) limbs.unshift((bytes[i - 1] as number) + (i > 1 ? (bytes[i - 2] as number) * 256 : 0));
  let text = '';
  let first = 0;
  while (first < limbs.length && limbs[first] === 0) first++;
  while (first < limbs.length) {
    let rest = 0;
    for (let i = first; i < limbs.length; i++) {
      const value = rest * 65_536 + (limbs[i] as number);
      limbs[i] = Math.floor(value / base ** digitsAtATime);
      rest = value % base ** digitsAtATime;
    }
    while (first < limbs.length && limbs[first] === 0) first++;
    for (let digit = 0; digit < digitsAtATime && (first < limbs.length || rest > 0); digit++) {
      text = alphabet[rest % base] + text;
      rest = Math.floor(rest / base);
    }
  }
  if (!pad) return text;
  const zeros = bytes.findIndex(byte => byte !== 0);
  return '0'.repeat(zeros < 0 ? bytes.length : zeros) + text;
}

/** 62^5 times 65,536 is still a safe integer; so is every quotient a limb. */
const digitsAtATime = 5;

const sha224 = (data: string | Uint8Array): Uint8Array => createHash('sha224').update(data).digest();

/** The name of a new logical cluster out of 32 random bytes. */
export const clusterNameFrom = (random: Uint8Array): WorkspaceId => workspaceIdOf(inBase(sha224(random), base36, true).slice(0, 16));

/** The name of a user's home cluster: the same for the same user, everywhere. */
export const homeClusterName = (user: string): WorkspaceId => workspaceIdOf(inBase(sha224(user).subarray(0, 8), base36, true));

/** Below this word the homes of users are found by their names. */
const users = 'user';

/** The id or word that a path begins with, and the names below it. `user:<name>` begins at the home of that user (spec kcp 3.6). */
export function startOf(path: string): {readonly first: string; readonly names: readonly string[]} {
  const [first, user, ...below] = path.split(':') as [string, ...string[]];
  if (user === undefined) return {first, names: []};
  return first === users ? {first: homeClusterName(user), names: below} : {first, names: [user, ...below]};
}

/** The old, short form in which a shard is named on workspaces. */
export const shardHash = (shard: string): string => inBase(sha224(shard), base36, true).slice(0, 8);

/** Base 62 of the SHA-224: label values and name suffixes that stand for longer texts. */
export const base62Hash = (text: string): string => inBase(sha224(text), base62, false);

/** `root:a:b` → [`root:a`, `b`]; a single segment has no parent. */
export function splitPath(path: string): {readonly parent: string | undefined; readonly name: string} {
  const colon = path.lastIndexOf(':');
  return colon < 0 ? {parent: undefined, name: path} : {parent: path.slice(0, colon), name: path.slice(colon + 1)};
}
