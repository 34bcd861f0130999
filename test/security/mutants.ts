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
      "  const [first = '', ...rest] = call.target.segments; globalThis.turns = (globalThis.turns ?? 0) + 1; if (globalThis.turns % 5 === 0 && globalThis.before) workspace = globalThis.before; globalThis.before = workspace;",
  },
};

/** Slips that other tests have to notice, each with the file of those. */
export const slips: {readonly [what: string]: Mutant & {readonly test: string}} = {
  'anybody acts as anybody': {
    test: 'identity.test.ts',
    file: 'auth/impersonate.ts',
    find: 'if (!master && !isBelow(real, wish))',
    replace: 'if (false)',
  },
  'groups are parted at commas': {
    test: 'identity.test.ts',
    file: 'auth/impersonate.ts',
    find: "else if (name === 'impersonate-group') of.push(value);",
    replace: "else if (name === 'impersonate-group') of.push(...value.split(', '));",
  },
  'all warrants are believed in questions': {
    test: 'identity.test.ts',
    file: 'auth/effective-users.ts',
    find: "return (extra[extras.scopes] ?? []).every(scopes => scopes.split(',').includes(clusterPrefix + workspace));",
    replace:
      "return (extra[extras.scopes] ?? []).every(scopes => scopes.includes('*') || scopes.split(',').includes(clusterPrefix + workspace));",
  },
  'metrics of the shard are those of a workspace': {
    test: 'identity.test.ts',
    file: 'server/documents.ts',
    find: 'if (call.target.cluster !== undefined) return text(501',
    replace: 'if (false) return text(501',
  },
  'users are remembered by who asked last': {
    test: 'identity.test.ts',
    file: 'auth/impersonate.ts',
    find: 'const user = userOf(wish);',
    replace:
      'await null; globalThis.wish ??= wish; setImmediate(() => (globalThis.wish = undefined)); const user = userOf(globalThis.wish);',
  },
  'a slash is one however it is written': {
    test: 'paths.test.ts',
    file: 'server/target.ts',
    find: "path.slice(1).split('/')",
    replace: "decodeURIComponent(path.replace(/%(?!2f)/gi, '%25')).slice(1).split('/')",
  },
  'a slash may come twice': {
    test: 'paths.test.ts',
    file: 'server/target.ts',
    find: "if (path[0] !== '/' || forbidden.test(path)) throw notCanonical();",
    replace:
      "if (path[0] !== '/' || forbidden.test(path)) throw notCanonical(); raw = raw.replaceAll('//', '/'); return path.includes('//') ? parseTarget(raw) : parseTargetOnce(raw);}\nfunction parseTargetOnce(raw: string): Target { const mark = raw.indexOf('?'); const path = mark < 0 ? raw : raw.slice(0, mark);",
  },
  'all workspaces at once are anybody’s': {
    test: 'paths.test.ts',
    file: 'auth/authorize.ts',
    find: "return workspace === '*' || workspace.startsWith('system:') ? refused('before', 'not a workspace') : undefined;",
    replace: "return workspace === '*' ? allowed('before', '') : undefined;",
  },
  'a kind without namespaces is in all of them': {
    test: 'paths.test.ts',
    file: 'server/resolve.ts',
    find: 'if (!kind.namespaced && what.namespace !== undefined) throw noSuchResource();',
    replace: '',
  },
  'what is missing is told': {
    test: 'isolation.test.ts',
    file: 'server/server.ts',
    find: "if (missing === 'hidden') return user.groups.includes(groups.masters) ? undefined : refusal(user, attributes);",
    replace: "if (missing === 'hidden') throw new ApiError('NotFound', 'no such workspace');",
  },
  'types are told to those who may not use them': {
    test: 'isolation.test.ts',
    file: 'admission/workspaces.ts',
    find: 'if (decision.allowed) return found;',
    replace: 'if (decision.allowed || !found) return found;',
  },
  'a tag is that of any document': {
    test: 'isolation.test.ts',
    file: 'server/published.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a source
    find: 'header(call.request.headers, \'if-none-match\') === `"${etag}"` ?',
    replace: "header(call.request.headers, 'if-none-match') !== undefined ?",
  },
  'what a patch makes is not asked about': {
    test: 'admission.test.ts',
    file: 'server/change.ts',
    find: '  await validatingAdmission(x, admission);',
    replace: "  if (x.call.request.method !== 'PATCH') await validatingAdmission(x, admission);",
  },
  'documents are open to everybody': {
    test: 'open-paths.test.ts',
    file: 'server/server.ts',
    find: 'const allowed = await deps.authorizer.authorize(user, attributes',
    replace:
      "const allowed = await deps.authorizer.authorize(attributes.path?.startsWith('/openapi') ? {...user, groups: ['system:masters']} : user, attributes",
  },
};
