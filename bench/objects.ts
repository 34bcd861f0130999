/** The objects that are measured with, and how to come by workspaces. */

import {join} from 'node:path';
import {workspaceIdOf} from '../src/api/cluster.ts';
import {asObject} from '../src/api/object.ts';
import {createOp} from '../src/registry/ops.ts';
import {createRegistry} from '../src/registry/registry.ts';
import {openEmbedded} from '../src/storage/embedded.ts';
import type {Op} from '../src/storage/storage.ts';
import {sleep} from './load.ts';
import type {Request, Session} from './session.ts';

/** With its names around it, an object is 1.5 kB. */
const dataChars = 1_200;
const filler = Buffer.from(Array.from({length: 2 * dataChars}, (_, i) => 97 + ((i * 7919 + (i >> 3) * i) % 26))).toString();
type Labels = {readonly [key: string]: string};
const configMapOf = (name: string, n: number, labels?: Labels) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {name, namespace: 'default', ...(labels && {labels})},
  data: {count: String(n), text: filler.slice(n % dataChars, (n % dataChars) + dataChars)},
});

export const configMap = (name: string, n: number, labels?: Labels): Uint8Array =>
  Buffer.from(JSON.stringify(configMapOf(name, n, labels)));

/** A Secret of the size of those. */
export const secret = (name: string, n: number): Uint8Array => {
  const {data, ...rest} = configMapOf(name, n);
  return Buffer.from(
    JSON.stringify({...rest, kind: 'Secret', data: {text: Buffer.from(data.text.slice(0, (dataChars * 3) / 4)).toString('base64')}}),
  );
};

/** `widgets` are of the kind `Widget`. */
export const kindOf = (plural: string): string => plural[0]!.toUpperCase() + plural.slice(1, -1);

/** A CustomResourceDefinition of `example.com` with this schema of its spec. */
export const customKind = (plural: string, spec: object): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {name: `${plural}.example.com`},
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: {plural, kind: kindOf(plural)},
    versions: [{name: 'v1', served: true, storage: true, schema: {openAPIV3Schema: {type: 'object', properties: {spec}}}}],
  },
});

const countMark = Buffer.from('"count":"');

/** Tells the count of each ConfigMap in a piece of a watch. One that is cut in two by the pieces is passed over. */
export function configMapCount(bytes: Uint8Array, seen: (count: number) => void): void {
  const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = piece.indexOf(countMark); at >= 0; at = piece.indexOf(countMark, at)) {
    let count = 0;
    at += countMark.length;
    for (let digit = piece[at]! - 48; digit >= 0 && digit <= 9; digit = piece[++at]! - 48) count = count * 10 + digit;
    seen(count);
  }
}

export const configMaps = (workspace: string): string => `/clusters/${workspace}/api/v1/namespaces/default/configmaps`;

export const secrets = (workspace: string): string => `/clusters/${workspace}/api/v1/namespaces/default/secrets`;

export const workspacesOf = (parent: string): string => `/clusters/${parent}/apis/tenancy.kcp.io/v1alpha1/workspaces`;

export const newWorkspace = (parent: string, name: string): Request => ({
  method: 'POST',
  path: workspacesOf(parent),
  body: Buffer.from(JSON.stringify({apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'Workspace', metadata: {name}})),
});

/** Makes a workspace below root and waits until its default namespace is there. @returns its path */
export async function workspace(session: Session, name: string): Promise<string> {
  const made = await session.ask(newWorkspace('root', name));
  if (made.status !== 201) throw new Error(`a workspace could not be made: ${made.body}`);
  const path = `root:${name}`;
  for (;;) {
    const {status} = await session.ask({method: 'GET', path: `/clusters/${path}/api/v1/namespaces/default`});
    if (status === 200) return path;
    await sleep(10);
  }
}

/** Writes ConfigMaps into the closed store of a server, by the way of its port: over HTTP it would take too long. */
export async function fill(directory: string, from: number, to: number): Promise<void> {
  const store = await openEmbedded({directory: join(directory, 'data')});
  const resource = await createRegistry(store).resolve(workspaceIdOf('root'), '', 'v1', 'configmaps');
  if (!resource) throw new Error('no ConfigMaps');
  const opsPerCommit = 500;
  const under: Promise<unknown>[] = [];
  for (let n = from; n < to; n += opsPerCommit) {
    const ops = Array.from({length: Math.min(opsPerCommit, to - n)}, (_, i): Op => {
      const id = workspaceIdOf(`fill${(n + i) % 1_000}`);
      const object = asObject(configMapOf(`filled-${n + i}`, n + i));
      object.metadata.uid = `00000000-0000-4000-8000-${String(n + i).padStart(12, '0')}`;
      object.metadata.creationTimestamp = '2026-01-01T00:00:00Z';
      object.metadata.annotations = {'kcp.io/cluster': id};
      return createOp(resource, id, object);
    });
    under.push(store.commit(ops as [Op, ...Op[]]));
    if (under.length >= 4) await under.shift();
  }
  await Promise.all(under);
  await store.close();
}
