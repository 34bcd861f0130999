/** The administrators' kubeconfig: what it holds, and what is read back from it at the next start. */
import type {AdminTokens} from './tokens.ts';

/** A text to be written as a plain YAML scalar in double quotes, which JSON's strings are. */
const quote = (text: string): string => JSON.stringify(text);

/**
 * The kubeconfig as YAML (spec kcp-e2e 1.2). The certificate authority is inline, since tools copy it from there.
 * @param url of the server, with its port and without a path
 * @param ca PEM
 */
export function adminKubeconfig(url: string, ca: string, tokens: AdminTokens): string {
  const caData = Buffer.from(ca).toString('base64');
  const cluster = (name: string, path: string): string =>
    `- name: ${quote(name)}\n  cluster:\n    server: ${quote(url + path)}\n    certificate-authority-data: ${caData}\n`;
  const context = (name: string, of: string, user: string): string =>
    `- name: ${quote(name)}\n  context:\n    cluster: ${quote(of)}\n    user: ${user}\n`;
  const user = (name: string, token: string): string => `- name: ${name}\n  user:\n    token: ${quote(token)}\n`;
  return [
    'apiVersion: v1\nkind: Config\ncurrent-context: root\npreferences: {}\nclusters:\n',
    cluster('base', ''),
    cluster('root', '/clusters/root'),
    cluster('system:admin', '/clusters/system:admin'),
    'contexts:\n',
    context('base', 'base', 'kcp-admin'),
    context('root', 'root', 'kcp-admin'),
    context('shard-base', 'base', 'shard-admin'),
    context('system:admin', 'system:admin', 'shard-admin'),
    tokens.user === undefined ? '' : context('user', 'root', 'user'),
    'users:\n',
    user('kcp-admin', tokens.kcpAdmin),
    user('shard-admin', tokens.shardAdmin),
    tokens.user === undefined ? '' : user('user', tokens.user),
  ].join('');
}

/**
 * The token of shard-admin in a kubeconfig, or undefined. Ours is read by its form; one that a tool rewrote is parsed, which needs the YAML package and so
 * is not done at a usual start.
 */
export async function shardAdminTokenOf(kubeconfig: string): Promise<string | undefined> {
  const ours = /^- name: shard-admin\n {2}user:\n {4}token: "([\w-]+)"$/m.exec(kubeconfig)?.[1];
  if (ours !== undefined) return ours;
  const {parse} = await import('yaml');
  let found: unknown;
  try {
    found = parse(kubeconfig, {maxAliasCount: 0});
  } catch {
    return undefined; // no kubeconfig at all
  }
  const users: unknown = (found as {users?: unknown} | null)?.users;
  if (!Array.isArray(users)) return undefined;
  const entry: unknown = users.find((user: {name?: unknown} | null) => user?.name === 'shard-admin');
  const token: unknown = (entry as {user?: {token?: unknown}} | undefined)?.user?.token;
  return typeof token === 'string' ? token : undefined;
}
