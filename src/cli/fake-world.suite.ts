import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {TestContext} from 'node:test';
import type {Json, JsonObject} from '../api/json.ts';
import type {Call, Reply} from '../client/client.ts';
import type {Connection} from '../client/connection.ts';
import type {World} from './world.ts';

/** What a workspace of the fake holds. The key is its path; children are found by their paths. */
export type FakeWorkspace = {
  readonly type?: string;
  readonly spec?: JsonObject;
  phase?: string;
  readonly logicalClusterPhase?: string;
  readonly deleting?: boolean;
  /** Nobody may look inside. */
  readonly closed?: boolean;
  readonly bindings?: readonly JsonObject[];
};

const host = 'https://kcp.test:6443';

/** A world for tests: a kubeconfig in a folder of its own, a clock that only sleep moves, and a server that lives in a map. */
export class FakeWorld {
  readonly tree: Map<string, FakeWorkspace>;
  readonly file: string;
  readonly calls: string[] = [];
  readonly connections: Connection[] = [];
  out = '';
  err = '';
  nowMs = 0;
  /** The phase in which new workspaces are answered. */
  newPhase = 'Scheduling';
  /** Called with each pause, so that a test can let time change things. */
  onSleep: (nowMs: number) => void = () => undefined;

  constructor(t: TestContext, tree: {readonly [path: string]: FakeWorkspace}, at = 'root') {
    const home = mkdtempSync(join(tmpdir(), 'kcp-cli-'));
    t.after(() => rmSync(home, {recursive: true}));
    this.tree = new Map(Object.entries({root: {}, ...tree}));
    this.file = join(home, 'kubeconfig');
    writeFileSync(this.file, kubeconfigAt(at.includes('//') ? at : `${host}/clusters/${at}`));
  }

  /** The world to hand to a command. */
  world(): World {
    return {
      out: text => {
        this.out += text;
      },
      err: text => {
        this.err += text;
      },
      env: {KUBECONFIG: this.file},
      home: '/home/alice',
      cwd: '/',
      version: '1.2.3',
      fetchFor: connection => {
        this.connections.push(connection);
        return async call => this.answer(call);
      },
      now: () => this.nowMs,
      sleep: async ms => {
        this.nowMs += ms;
        this.onSleep(this.nowMs);
      },
    };
  }

  /** Runs one command and gives what it printed, forgetting what was printed before. */
  async run(command: (words: readonly string[], world: World) => Promise<number>, ...words: readonly string[]): Promise<Printed> {
    this.out = '';
    this.err = '';
    const code = await command(words, this.world());
    return {code, out: this.out, err: this.err};
  }

  config(): string {
    return readFileSync(this.file, 'utf8');
  }

  private answer(call: Call): Reply {
    this.calls.push(`${call.method} ${call.target}`);
    const match = /^\/clusters\/([^/]+)(\/[^?]*)/.exec(call.target);
    const [, path = '', rest = ''] = match ?? [];
    const workspace = this.tree.get(path);
    if (!workspace || workspace.closed) return failure(403, 'Forbidden', `forbidden: User "alice" cannot access ${path}`);
    if (rest === '/apis') return success({groups: [{name: 'tenancy.kcp.io'}]});
    if (rest === '/api') return success({versions: ['v1']});
    const resource = /^\/apis\/[^/]+\/[^/]+\/([^/]+)(?:\/(.+))?$/.exec(rest);
    if (resource?.[1] === 'workspaces') return this.workspaces(call, path, resource[2]);
    if (resource?.[1] === 'apibindings') return success({items: [...(workspace.bindings ?? [])]});
    if (resource?.[1] === 'logicalclusters' && workspace.logicalClusterPhase)
      return success({metadata: {name: 'cluster'}, status: {phase: workspace.logicalClusterPhase}});
    return failure(404, 'NotFound', 'the server could not find the requested resource');
  }

  private workspaces(call: Call, parent: string, name: string | undefined): Reply {
    if (name === '~') return success(object('user:alice', {}));
    if (call.method === 'POST') {
      const {metadata, spec} = JSON.parse(call.body ?? '') as {metadata: {name: string}; spec: JsonObject};
      const path = `${parent}:${metadata.name}`;
      if (this.tree.has(path)) return failure(409, 'AlreadyExists', `workspaces.tenancy.kcp.io "${metadata.name}" already exists`);
      const type = spec['type'] as {name: string; path?: string} | undefined;
      this.tree.set(path, {spec, type: type ? `${type.path ?? 'root'}:${type.name}` : 'root:universal', phase: this.newPhase});
      return success(object(path, this.tree.get(path)!));
    }
    if (name === undefined) {
      const children = [...this.tree].filter(([path]) => path.startsWith(`${parent}:`) && !path.slice(parent.length + 1).includes(':'));
      return success({items: children.map(([path, each]) => object(path, each))});
    }
    const found = this.tree.get(`${parent}:${name}`);
    return found ? success(object(`${parent}:${name}`, found)) : failure(404, 'NotFound', `workspaces.tenancy.kcp.io "${name}" not found`);
  }
}

export type Printed = {readonly code: number; readonly out: string; readonly err: string};

const success = (content: Json): Reply => ({status: 200, headers: {}, body: JSON.stringify(content)});
const failure = (status: number, reason: string, message: string): Reply => ({
  status,
  headers: {},
  body: JSON.stringify({kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code: status}),
});

function object(path: string, workspace: FakeWorkspace): JsonObject {
  const type = workspace.type ?? 'root:universal';
  const at = type.lastIndexOf(':');
  return {
    metadata: {name: path.slice(path.lastIndexOf(':') + 1), ...(workspace.deleting && {deletionTimestamp: '2026-01-01T00:00:00Z'})},
    spec: {URL: `${host}/clusters/${path}`, ...workspace.spec, type: {path: type.slice(0, at), name: type.slice(at + 1)}},
    status: {phase: workspace.phase ?? 'Ready'},
  };
}

/** With comments and a field nobody knows, which must survive every command. */
const kubeconfigAt = (server: string): string => `apiVersion: v1
kind: Config
# my servers
clusters:
- name: kcp
  cluster:
    server: ${server} # the one
    x-unknown: 1
contexts:
- name: base
  context:
    cluster: kcp
    user: alice
users:
- name: alice
  user:
    token: secret
current-context: base
`;
