import {readFileSync} from 'node:fs';
import {delimiter, join, resolve} from 'node:path';
import {parse} from 'yaml';
import type {Json, JsonObject} from '../api/json.ts';
import {dig, digString, isObject} from '../api/json.ts';

/** A file that cannot be read, understood or locked, or an entry that is missing: the text is for the person who typed the command. */
export class KubeconfigError extends Error {}

/** Where to look, in kubectl's order: the flag alone, else the list of $KUBECONFIG, else `~/.kube/config`. */
export type Where = {
  readonly flag?: string | undefined;
  /** The value of $KUBECONFIG: paths separated as in $PATH. */
  readonly list?: string | undefined;
  readonly home: string;
  readonly cwd: string;
};

/** A named cluster, context or user as it stands in its file, unknown fields included. */
export type Entry = {readonly name: string; readonly file: string; readonly body: JsonObject};

/** Several files seen as one. `files` are absolute, those that do not exist yet included. */
export type Kubeconfig = {
  readonly files: readonly string[];
  /** Empty when no file names one. */
  readonly currentContext: string;
  readonly clusters: ReadonlyMap<string, Entry>;
  readonly contexts: ReadonlyMap<string, Entry>;
  readonly users: ReadonlyMap<string, Entry>;
};

/**
 * Reads and merges the files as kubectl does: the first file to name a cluster, context, user or current context wins.
 * Missing files count as empty, but for the one named by the flag. Throws `KubeconfigError`.
 */
export function loadKubeconfig(where: Where): Kubeconfig {
  const files = filesOf(where);
  const merged = {clusters: new Map<string, Entry>(), contexts: new Map<string, Entry>(), users: new Map<string, Entry>()};
  let currentContext = '';
  for (const file of files) {
    const text = readText(file, where.flag !== undefined);
    if (text === undefined) continue;
    const content = parseText(file, text);
    currentContext ||= digString(content, 'current-context') ?? '';
    collect(merged.clusters, file, content, 'cluster');
    collect(merged.contexts, file, content, 'context');
    collect(merged.users, file, content, 'user');
  }
  return {files, currentContext, ...merged};
}

function filesOf(where: Where): string[] {
  if (where.flag !== undefined) return [resolve(where.cwd, where.flag)];
  const listed = (where.list ?? '').split(delimiter).filter(path => path !== '');
  const files = listed.length > 0 ? listed : [join(where.home, '.kube', 'config')];
  return [...new Set(files.map(path => resolve(where.cwd, path)))];
}

function readText(file: string, mustExist: boolean): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new KubeconfigError(`error loading config file "${file}": ${(err as Error).message}`);
    if (mustExist) throw new KubeconfigError(`stat ${file}: no such file or directory`);
    return undefined;
  }
}

function parseText(file: string, text: string): Json {
  try {
    return parse(text) as Json;
  } catch (err) {
    throw new KubeconfigError(`error loading config file "${file}": ${firstLine(err)}`);
  }
}

/** A section is a list of `{name, <kind>: body}`; anything of another shape is left alone. */
function collect(into: Map<string, Entry>, file: string, content: Json, kind: 'cluster' | 'context' | 'user'): void {
  const items = dig(content, `${kind}s`);
  for (const item of Array.isArray(items) ? items : []) {
    const name = digString(item, 'name');
    const body = dig(item, kind);
    if (name !== undefined && !into.has(name)) into.set(name, {name, file, body: isObject(body) ? body : {}});
  }
}

/** Below its first line the message of a broken file shows the text, which may be a token. */
const firstLine = (err: unknown): string => (err as Error).message.split('\n', 1)[0] as string;
