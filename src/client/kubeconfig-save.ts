import {chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {dirname, isAbsolute, resolve} from 'node:path';

import type {YAMLMap} from 'yaml';
import {Document, isMap, isSeq, parseDocument, YAMLSeq} from 'yaml';
import type {Json, JsonObject} from '../api/json.ts';
import {equal, setKey} from '../api/json.ts';
import type {Entry, Kubeconfig} from './kubeconfig.ts';
import {KubeconfigError} from './kubeconfig.ts';

/**
 * What shall be different. An entry's `file` is the file its content was copied from: a new name is written there, beside its
 * origin; a name that exists is changed where it stands.
 */
export type Changes = {
  readonly clusters?: readonly Entry[];
  readonly contexts?: readonly Entry[];
  readonly currentContext?: string;
};

/**
 * Writes the changes into the files they belong to. Each file is locked as kubectl locks it, read afresh, changed only where it
 * differs (comments and unknown fields stay), and replaced by a rename, so that no reader ever sees half a file.
 * Throws `KubeconfigError` when another process holds the lock.
 */
export function saveKubeconfig(config: Kubeconfig, changes: Changes): void {
  const edits = new Map<string, Edit[]>();
  const add = (file: string, edit: Edit): void => void edits.set(file, [...(edits.get(file) ?? []), edit]);
  for (const kind of ['cluster', 'context'] as const) {
    for (const entry of changes[`${kind}s`] ?? []) {
      const present = config[`${kind}s`].get(entry.name);
      const file = present?.file ?? entry.file;
      add(file, document => setEntry(document, kind, {...entry, body: moved(entry, file)}));
    }
  }
  const {currentContext} = changes;
  if (currentContext !== undefined && currentContext !== config.currentContext)
    add(fileOfCurrentContext(config), document => document.set('current-context', currentContext));
  for (const [file, list] of edits) editFile(file, list);
}

type Edit = (document: Document) => void;

/** kubectl's choice: the first file that exists, else the last of the list. */
const fileOfCurrentContext = (config: Kubeconfig): string => config.files.find(existsSync) ?? config.files[config.files.length - 1]!;

/** Fields of clusters that name files, relative to the file they stand in. */
const pathFields = ['certificate-authority'];

/** The body as it must read in `file`: relative paths become absolute when it comes from another folder. */
function moved(entry: Entry, file: string): JsonObject {
  if (dirname(entry.file) === dirname(file)) return entry.body;
  const body: JsonObject = {};
  for (const [key, value] of Object.entries(entry.body)) {
    const isRelative = pathFields.includes(key) && typeof value === 'string' && value !== '' && !isAbsolute(value);
    setKey(body, key, isRelative ? resolve(dirname(entry.file), value) : value);
  }
  return body;
}

/** Sets `{name, <kind>: body}` in the list of that kind, touching only the fields that differ. */
function setEntry(document: Document, kind: 'cluster' | 'context', entry: Entry): void {
  const list = document.get(`${kind}s`);
  const items = isSeq(list) ? list : new YAMLSeq();
  if (items !== list) document.set(`${kind}s`, items);
  if (items.items.length === 0) items.flow = false;
  const item = items.items.find(each => isMap(each) && each.get('name') === entry.name);
  const body = isMap(item) ? item.get(kind) : undefined;
  if (isMap(body)) setFields(document, body, entry.body);
  else if (isMap(item)) item.set(kind, document.createNode(entry.body));
  else items.add(document.createNode({[kind]: entry.body, name: entry.name}));
}

function setFields(document: Document, map: YAMLMap, body: JsonObject): void {
  const before = map.toJS(document) as JsonObject;
  for (const key of Object.keys(before)) if (!Object.hasOwn(body, key)) map.delete(key);
  for (const [key, value] of Object.entries(body)) {
    if (!Object.hasOwn(before, key) || !equal(before[key], value)) map.set(key, document.createNode(value));
  }
}

const newFileMode = 0o600;

function editFile(file: string, edits: readonly Edit[]): void {
  mkdirSync(dirname(file), {recursive: true, mode: 0o700});
  // A link stays a link: what it points to is replaced.
  const target = existsSync(file) ? realpathSync(file) : file;
  const lock = `${target}.lock`;
  const mode = existsSync(target) ? statSync(target).mode & 0o777 : newFileMode;
  takeLock(lock, mode);
  try {
    const text = existsSync(target) ? readFileSync(target, 'utf8') : '';
    writeFileSync(lock, edited(file, text, edits));
    // The mode given at creation is narrowed by the umask.
    chmodSync(lock, mode);
    renameSync(lock, target);
  } catch (err) {
    rmSync(lock, {force: true});
    throw err;
  }
}

/** The lock is also where the new content is written: whoever created it owns both. */
function takeLock(lock: string, mode: number): void {
  try {
    writeFileSync(lock, '', {flag: 'wx', mode});
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code !== 'EEXIST') throw new KubeconfigError((err as Error).message);
    throw new KubeconfigError(`kubeconfig is locked by another process: ${lock} exists; remove it if none is running`);
  }
}

const emptyConfig: Json = {apiVersion: 'v1', kind: 'Config', clusters: [], contexts: [], users: []};

function edited(file: string, text: string, edits: readonly Edit[]): string {
  const found: Document = parseDocument(text);
  // Below its first line the message shows the text, which may be a token.
  const broken = found.errors[0]?.message.split('\n', 1)[0];
  if (broken !== undefined) throw new KubeconfigError(`error loading config file "${file}": ${broken}`);
  const document = found.contents === null ? new Document(emptyConfig) : found;
  if (!isMap(document.contents)) throw new KubeconfigError(`error loading config file "${file}": not a map`);
  for (const edit of edits) edit(document);
  // Certificates are one long line each; folding them would be valid, and unreadable to simpler parsers. Lists keep their indent.
  return document.toString({lineWidth: 0, indentSeq: text !== '' && !/^- /m.test(text)});
}
