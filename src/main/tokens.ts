/** Bearer tokens that are known from the start: those of the administrators, and those of a file. */
import {hash, randomUUID} from 'node:crypto';
import {readIfThere} from './files.ts';

/** Whom a token logs in, before system:authenticated is added. */
export type TokenUser = {readonly name: string; readonly uid: string; readonly groups: readonly string[]};

/** The user of a token, or undefined. Looked up by the token's digest, so that the time it takes tells nothing of other tokens. */
export type TokenLookup = (token: string) => TokenUser | undefined;

export const digest = (token: string): string => hash('sha256', token);

/** One lookup over several lists of (digest, user); the first list that knows a digest wins. */
export function tokenLookup(...lists: readonly (readonly (readonly [string, TokenUser])[])[]): TokenLookup {
  const users = new Map(lists.toReversed().flat());
  // Tokens that were good lately, so that a busy client is not hashed anew with each request. Guesses never get here.
  const good = new Map<string, TokenUser>();
  return token => {
    const known = good.get(token);
    if (known) return known;
    const user = users.get(digest(token));
    if (user) {
      if (good.size >= goodTokensMax) good.clear();
      good.set(token, user);
    }
    return user;
  };
}

const goodTokensMax = 1_000;

/** The tokens in the clear, for the kubeconfig; `users` is what the server keeps. */
export type AdminTokens = {
  readonly kcpAdmin: string;
  readonly shardAdmin: string;
  /** Only with the battery `user`. */
  readonly user: string | undefined;
  /** What to write to the store, once the kubeconfig is written: in this order, a crash in between costs nothing. Undefined: it stays as it is. */
  readonly newStore: string | undefined;
  readonly users: readonly (readonly [string, TokenUser])[];
};

/**
 * The tokens of this start. kcp-admin's and user's are new each time; shard-admin's stays, as the digest in the store and in the clear in the kubeconfig
 * (`oldShardAdmin`, which is what was found there).
 * @throws Error when the two do not belong together, telling what to remove
 */
export function adminTokens(options: {
  /** Empty: nothing is kept. */
  readonly storePath: string;
  readonly kubeconfigPath: string;
  readonly oldShardAdmin: string | undefined;
  readonly withUser: boolean;
}): AdminTokens {
  const kcpAdmin = randomUUID();
  const {shardAdmin, newStore} = shardAdminToken(options);
  const user = options.withUser ? randomUUID() : undefined;
  const named = (name: string, ...groups: readonly string[]): TokenUser => ({name, uid: randomUUID(), groups});
  return {
    kcpAdmin,
    shardAdmin,
    user,
    newStore,
    users: [
      [digest(kcpAdmin), named('kcp-admin', 'system:kcp:admin')],
      [digest(shardAdmin), named('shard-admin', 'system:masters')],
      ...(user === undefined ? [] : [[digest(user), named('user')] as const]),
    ],
  };
}

type Kept = {readonly storePath: string; readonly kubeconfigPath: string; readonly oldShardAdmin: string | undefined};

type ShardAdmin = {readonly shardAdmin: string; readonly newStore: string | undefined};

function shardAdminToken({storePath, kubeconfigPath, oldShardAdmin}: Kept): ShardAdmin {
  const stored = storePath === '' ? undefined : readIfThere(storePath)?.trim();
  if (stored === undefined) {
    const made = randomUUID();
    return {shardAdmin: made, newStore: storePath === '' ? undefined : `${digest(made)}\n`};
  }
  if (oldShardAdmin !== undefined && digest(oldShardAdmin) === stored) return {shardAdmin: oldShardAdmin, newStore: undefined};
  const why = oldShardAdmin === undefined ? 'is missing from' : 'is not valid anymore in';
  throw new Error(`the token of shard-admin ${why} ${kubeconfigPath}: remove ${storePath} and start again to have a new one made`);
}

/** Bytes of a token file that are read at most. */
const tokenFileBytesMax = 16 * 1024 * 1024;

/**
 * The users of a static token file, as (digest, user). A line is `token,user,uid[,"group1,group2"]`, quoted as CSV; empty lines and those that begin with #
 * are left out.
 * @throws Error that names the line
 */
export function readTokenFile(text: string): readonly (readonly [string, TokenUser])[] {
  if (text.length > tokenFileBytesMax) throw new Error('the token file is too large');
  return text.split(/\r?\n/).flatMap((line, i) => {
    if (line.trim() === '' || line.startsWith('#')) return [];
    const [token, name, uid, groups = ''] = csvFields(line).map(field => field.trim());
    if (!token || !name || uid === undefined) throw new Error(`line ${i + 1} of the token file must have a token, a user name and a uid`);
    const user = {
      name,
      uid,
      groups: groups
        .split(',')
        .map(group => group.trim())
        .filter(group => group !== ''),
    };
    return [[digest(token), user] as const];
  });
}

/** The fields of one line. A quoted field may hold commas, and quotes that are doubled. */
function csvFields(line: string): readonly string[] {
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const char = line[i] as string;
    if (char === '"' && quoted && line[i + 1] === '"') {
      field += char;
      i++;
    } else if (char === '"') quoted = !quoted;
    else if (char === ',' && !quoted) {
      fields.push(field);
      field = '';
    } else field += char;
  }
  return [...fields, field];
}
