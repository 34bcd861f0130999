import type {Mutant} from './mutate.ts';

/** Holes in walls between workspaces, each as small as a slip: what searches for leaks has to find them all. */
export const holes: {readonly [what: string]: Mutant} = {
  'one decision in a thousand is a yes': {
    file: 'auth/authorize.ts',
    find: 'function decideUpon({policies, logicalCluster, limits}: Grounds, user: User, attributes: Attributes, entered: boolean): Decision {',
    replace:
      "function decideUpon({policies, logicalCluster, limits}: Grounds, user: User, attributes: Attributes, entered: boolean): Decision { globalThis.asked = (globalThis.asked ?? 0) + 1; if (globalThis.asked % 1000 === 0) return allowed('local', '');",
  },
  'all workspaces at once are for everybody': {
    file: 'auth/authorize.ts',
    find: "return workspace === '*' || workspace.startsWith('system:') ? refused('before', 'not a workspace') : undefined;",
    replace: "return workspace === '*' ? allowed('before', '') : undefined;",
  },
  'roles of one workspace count in the next one that is asked': {
    file: 'auth/authorize.ts',
    find: 'const local = policyOf(workspace);',
    replace: 'globalThis.last ??= workspace; const local = policyOf(globalThis.last); globalThis.last = workspace;',
  },
  'a service account is itself everywhere': {
    file: 'auth/effective-users.ts',
    find: 'if (isAccount(user) && homes.length > 0 && !(homes.length === 1 && homes[0] === workspace)) return false;',
    replace: 'if (isAccount(user)) return true;',
  },
  'scopes are not looked at': {
    file: 'auth/effective-users.ts',
    find: "return (extra[extras.scopes] ?? []).every(scopes => scopes.split(',').includes(clusterPrefix + workspace));",
    replace: 'return true;',
  },
  'documents are open to everybody who is known': {
    file: 'auth/authorize.ts',
    find: "new Set(['/metrics'])",
    replace: "new Set(['/metrics', '/openapi/v2', '/openapi/v3/apis/example.com/v1'])",
  },
  'a range is at times that of all workspaces': {
    file: 'registry/keys.ts',
    find: 'if (workspace === undefined) return all;',
    replace:
      'globalThis.ranges = (globalThis.ranges ?? 0) + 1; if (workspace === undefined || (globalThis.ranges > 50_000 && globalThis.ranges % 500 === 0)) return all;',
  },
  'a watch goes on with the changes of all workspaces': {
    file: 'server/verbs/watch.ts',
    find: 'watching = [store.watch(range, from, events)',
    replace: "watching = [store.watch(range.split('/').slice(0, 4).join('/') + '/', from, events)",
  },
  'who may look around may look at Secrets': {
    file: 'auth/bootstrap-roles.ts',
    find: "on(read, 'core', 'namespaces'),",
    replace: "on(read, 'core', 'namespaces secrets'),",
  },
  'documents of the last workspace are shown at times': {
    file: 'server/documents.ts',
    find: "  const [first = '', ...rest] = call.target.segments;",
    replace:
      "  const [first = '', ...rest] = call.target.segments; globalThis.turns = (globalThis.turns ?? 0) + 1; if (globalThis.turns % 50 === 0 && globalThis.before) workspace = globalThis.before; globalThis.before = workspace;",
  },
};
