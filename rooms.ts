/**
 * The house: which rooms there are, what each holds, and into which others it may look. `test/tidy.test.ts` holds the walls.
 * A new door is a reviewed line here.
 */
export type Room = {
  readonly holds: string;
  /** Rooms it may import from. */
  readonly may: readonly string[];
  /** Modules of Node and packages it may use beyond the harmless ones. */
  readonly uses?: readonly string[];
  /** Files that may be longer than 400 lines: the one hard idea of the room. */
  readonly long?: readonly string[];
};

export const rooms: {readonly [name: string]: Room} = {
  api: {holds: 'the words: JSON, DER, objects, names, paths, selectors, errors', may: [], uses: ['node:crypto']},
  schema: {
    holds: 'structural schemas: validate, default, prune; OpenAPI out of them; JSON paths',
    may: ['api'],
    uses: ['re2js', 'node:module'],
  },
  cel: {
    holds: "the expression language: parse, check, cost, compile; Kubernetes' libraries; the rules of schemas",
    may: ['api', 'schema'],
  },
  merge: {holds: 'JSON patch, merge patch, strategic merge patch, server-side apply', may: ['api', 'schema']},
  wire: {
    holds: 'what clients send and accept: JSON, YAML, protobuf, tables, partial metadata',
    may: ['api', 'schema', 'kinds'],
    uses: ['yaml', 'node:module'],
  },
  storage: {
    holds: 'the log and the keys, watches by position; memory and embedded',
    may: ['api'],
    uses: ['node:crypto', 'node:sqlite', 'node:worker_threads', 'node:fs', 'node:path'],
  },
  threads: {holds: "one thread's functions called from another; a store as another thread sees it", may: ['storage']},
  kinds: {
    holds: 'every built-in kind as a value, and how a CustomResourceDefinition becomes one',
    may: ['api', 'schema', 'cel'],
    uses: ['node:crypto'],
  },
  registry: {
    holds: 'which kinds exist in which workspace; keys; discovery and OpenAPI',
    may: ['api', 'schema', 'cel', 'kinds', 'storage'],
    uses: ['node:crypto'],
  },
  tenancy: {holds: 'pure rules of workspaces: types, phases, what a new one contains', may: ['api', 'kinds']},
  auth: {holds: 'who you are, what you may, and why', may: ['api', 'cel'], uses: ['node:crypto']},
  audit: {holds: 'which requests are recorded, how much of them, and how a record looks', may: ['api'], uses: ['node:net']},
  admission: {
    holds: 'what we change or refuse beyond a kind by itself',
    may: ['api', 'auth', 'schema', 'cel', 'kinds', 'registry', 'storage', 'tenancy'],
  },
  fairness: {
    holds: 'who gets how much of the server: places in flight, time of the event loop, turns',
    may: ['api', 'auth', 'storage'],
    uses: ['node:async_hooks'],
  },
  server: {
    holds: 'the life of a request, a file a verb',
    may: ['api', 'schema', 'merge', 'wire', 'storage', 'kinds', 'registry', 'tenancy', 'auth', 'audit', 'admission', 'fairness'],
    uses: ['node:zlib', 'node:util'],
  },
  controllers: {
    holds: 'loops over the change feed, one a file',
    may: ['api', 'auth', 'schema', 'kinds', 'storage', 'registry', 'tenancy', 'admission'],
  },
  client: {
    holds: 'calls over a given fetch; kubeconfig files',
    may: ['api'],
    uses: ['yaml', 'node:fs', 'node:http', 'node:https', 'node:path'],
  },
  cli: {
    holds: 'kubectl plugins and what people type',
    may: ['api', 'client'],
    uses: ['node:child_process', 'node:fs', 'node:os', 'node:process', 'node:url'],
  },
  main: {
    holds: 'flags, TLS, signals, the real clock, the choice of every implementation',
    may: [
      'api',
      'schema',
      'wire',
      'storage',
      'threads',
      'kinds',
      'registry',
      'tenancy',
      'auth',
      'audit',
      'admission',
      'fairness',
      'server',
      'controllers',
      'client',
      'cli',
    ],
    uses: [
      'ws',
      'node:http2',
      'node:http',
      'node:https',
      'node:dns',
      'node:dns/promises',
      'node:tls',
      'node:net',
      'node:fs',
      'node:fs/promises',
      'node:path',
      'node:os',
      'node:crypto',
      'node:util',
      'node:module',
      'node:perf_hooks',
      'node:process',
      'node:stream',
      'node:stream/promises',
      'node:zlib',
      'node:events',
      'node:v8',
      'node:url',
      'node:worker_threads',
    ],
  },
};
