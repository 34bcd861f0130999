import type {WorkspaceId} from '../api/cluster.ts';
import {root, systemAdmin} from '../api/cluster.ts';
import {ApiError, forbidden} from '../api/errors.ts';
import {digString} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import type {AccessWebhook} from './access-review.ts';
import type {Attributes} from './attributes.ts';
import type {Decision} from './decision.ts';
import {allowed, denied, refused} from './decision.ts';
import {effectiveUsers, isAccount, isInScope} from './effective-users.ts';
import {firstDecision} from './first-decision.ts';
import type {AuthorizerName, OpenPaths} from './order.ts';
import {authorizerNames, defaultPaths, openPaths} from './order.ts';
import type {Holdings} from './rbac/escalation.ts';
import {nearestMisses} from './rbac/misses.ts';
import type {RoleRef} from './rbac/objects.ts';
import type {Policy} from './rbac/policy.ts';
import {judge, missingRoles} from './rbac/policy.ts';
import type {RuleSet} from './rbac/rule-set.ts';
import {shownReason} from './steps.ts';
import type {User} from './user.ts';
import {groups} from './user.ts';
import {Answers, answered, askWebhook} from './webhook-decision.ts';

declare const minted: unique symbol;
/** Proof that a request passed `authorize`: later steps demand it, and nothing else can make one. */
export type Allowed = {readonly user: User; readonly attributes: Attributes; readonly [minted]: true};

/** Who may do what: the same answers for requests, for questions about them, and for rules that ask themselves. */
export type Authorizer = {
  /** Who is asked, in this order. */
  readonly order: readonly AuthorizerName[];
  /** `entered`: as if the user had already been let into the workspace, and no export set limits (spec kcp 7.7, deep reviews). */
  decide(user: User, attributes: Attributes, options?: {readonly entered: boolean}): Promise<Decision>;
  /** For all that cannot wait in one request: what has to be asked outside is asked by `settle`. */
  answers(): Answers;
  /** The same for somebody who cannot wait, as expressions: how decisions in a workspace are made as of now. To be used within `answers.settle`. */
  decider(workspace: WorkspaceId, answers: Answers): Promise<Decide>;
  /**
   * @param decided is told what was decided, before it throws
   * @throws ApiError Forbidden, with the text Kubernetes' clients know and without saying what exists; InternalError when who has to be asked could not be
   */
  authorize(user: User, attributes: Attributes, decided?: (decision: Decision) => void): Promise<Allowed>;
  /** The rules a user holds in a workspace by roles alone, those of a namespace included. */
  holdings(user: User, workspace: WorkspaceId, namespace: string | undefined): Promise<Holdings>;
  /** The rules of a role that a binding in the workspace would give. */
  role(workspace: WorkspaceId, ref: RoleRef, namespace: string | undefined): Promise<RuleSet | undefined>;
};

/** Decides at once, in one workspace. */
export type Decide = (user: User, attributes: Attributes) => Decision;

/** What decisions are made of. */
export type AuthorizerSources = {
  /** The roles and bindings of a workspace, as they are now; of `system:admin`, what holds everywhere. */
  readonly policyOf: (workspace: WorkspaceId) => Policy | Promise<Policy>;
  /** The LogicalCluster object of a workspace, to look at only. */
  readonly logicalClusterOf: (workspace: WorkspaceId) => KubeObject | undefined | Promise<KubeObject | undefined>;
  /** Who is asked, in this order; kcp's when absent. Who is not named is not asked. */
  readonly order?: readonly AuthorizerName[] | undefined;
  /** What is open to everybody; kcp's paths when absent. */
  readonly openPaths?: OpenPaths | undefined;
  /** Absent where there is none to ask. */
  readonly webhook?: AccessWebhook | undefined;
};

/** Paths that say nothing of a workspace: who may not enter it may still be given them. */
const shardPaths: ReadonlySet<string> = new Set(['/metrics']);

/** Asks kcp's authorizers in their order (spec kcp 7.7): the first who allows or denies has decided. */
export function createAuthorizer({policyOf, logicalClusterOf, webhook, ...sources}: AuthorizerSources): Authorizer {
  const isOpen = sources.openPaths ?? openPaths(defaultPaths);
  const order = (sources.order ?? authorizerNames).filter(name => name !== 'Webhook' || webhook);
  const gather = (workspace: WorkspaceId): Grounds | Promise<Grounds> => {
    const everywhere = policyOf(systemAdmin);
    const local = policyOf(workspace);
    const limits = policyOf(root);
    const logicalCluster = logicalClusterOf(workspace);
    const isLate =
      everywhere instanceof Promise || local instanceof Promise || limits instanceof Promise || logicalCluster instanceof Promise;
    // Waiting costs a turn even of what is there.
    if (isLate) return Promise.all([everywhere, local, limits, logicalCluster]).then(found => groundsOf(...found));
    return groundsOf(everywhere, local, limits, logicalCluster);
  };

  const byRoles = (user: User, attributes: Attributes, entered: boolean): Decision | Promise<Decision> => {
    const decision = decideAtOnce(attributes);
    if (decision) return decision;
    const grounds = gather(attributes.workspace as WorkspaceId);
    const upon = (found: Grounds): Decision => decideUpon(found, user, attributes, entered);
    return grounds instanceof Promise ? grounds.then(upon) : upon(grounds);
  };
  const decide: Authorizer['decide'] = async (user, attributes, {entered} = {entered: false}) =>
    firstDecision(order, name => {
      if (name === 'RBAC') return byRoles(user, attributes, entered);
      if (name === 'Webhook') return answered(askWebhook(user, attributes), webhook as AccessWebhook);
      return alwaysAllowed(name, user, attributes, isOpen);
    });
  const decideNow = (grounds: Grounds, answers: Answers, user: User, attributes: Attributes): Decision =>
    firstDecision(order, name => {
      if (name === 'RBAC') return decideAtOnce(attributes) ?? decideUpon(grounds, user, attributes, false);
      if (name === 'Webhook') return answers.decide(askWebhook(user, attributes));
      return alwaysAllowed(name, user, attributes, isOpen);
    });

  return {
    order,
    decide,
    answers: () => new Answers(webhook),
    async decider(workspace, answers) {
      const grounds = await gather(workspace);
      return (user, attributes) => decideNow(grounds, answers, user, attributes);
    },
    async authorize(user, attributes, decided) {
      const decision = await decide(user, attributes);
      decided?.(decision);
      if (decision.allowed) return {user, attributes} as Allowed;
      if (decision.error !== undefined) throw new ApiError('InternalError', `Internal error occurred: ${decision.error}`);
      throw refusal(user, attributes, shownReason(decision));
    },
    async holdings(user, workspace, namespace) {
      const users = effectiveUsers(user, workspace);
      const {policies} = await gather(workspace);
      const grants = policies.flatMap(policy => policy.grantsTo(users, namespace));
      return {rules: grants.flatMap(({rules}) => rules?.rules ?? []), errors: missingRoles(grants)};
    },
    role: async (workspace, ref, namespace) => (await policyOf(workspace)).role(ref, namespace),
  };
}

const groundsOf = (everywhere: Policy, local: Policy, limits: Policy, logicalCluster: KubeObject | undefined): Grounds => ({
  policies: [everywhere, local],
  logicalCluster,
  limits,
});

/** What is known of a workspace when something in it is decided. */
type Grounds = {
  /** Of all workspaces, and of this one. */
  readonly policies: readonly Policy[];
  readonly logicalCluster: KubeObject | undefined;
  /** What exports of root allow anybody. */
  readonly limits: Policy;
};

const allowedGroup = allowed('groups', `member of ${groups.masters}`);
const allowedPath = allowed('paths', 'open to everybody');

function alwaysAllowed(
  name: 'AlwaysAllowGroups' | 'AlwaysAllowPaths',
  user: User,
  {path}: Attributes,
  isOpen: OpenPaths,
): Decision | undefined {
  if (name === 'AlwaysAllowGroups') return user.groups.includes(groups.masters) ? allowedGroup : undefined;
  return path !== undefined && isOpen(path) ? allowedPath : undefined;
}

/** What needs no look at a workspace. */
function decideAtOnce({workspace, path}: Attributes): Decision | undefined {
  if (path === '/version') return allowedPath;
  // System clusters and the view across all workspaces are for the shards themselves (spec kcp 2.7, 3.1).
  return workspace === '*' || workspace.startsWith('system:') ? refused('before', 'not a workspace') : undefined;
}

function decideUpon({policies, logicalCluster, limits}: Grounds, user: User, attributes: Attributes, entered: boolean): Decision {
  const users = effectiveUsers(user, attributes.workspace);
  const closed = entered ? undefined : closedBy(user, users, {attributes, policies, logicalCluster});
  if (closed) return closed;
  if (isServersOwn(attributes)) return denied('systemcrd', 'this status is written by the server alone');
  if (!entered && isExported(attributes) && !judge(limits, asBound(users), attributes).allowed)
    return refused('maxpermissionpolicy', 'beyond what its export permits anybody');
  const errors: string[] = [];
  for (const [i, policy] of policies.entries()) {
    const verdict = judge(policy, users, attributes);
    if (verdict.allowed) return allowed(i === 0 ? 'bootstrap' : 'local', verdict.reason, verdict.grant);
    if (verdict.reason) errors.push(verdict.reason);
  }
  return refused('local', errors.join('; ') || 'no role allows it', options => nearestMisses(policies, users, attributes, options));
}

/** What a workspace demands of those who want to know of it that certain groups have (spec kcp 7.7). */
const requiredGroupsAnnotation = 'authorization.kcp.io/required-groups';
const openPhases: ReadonlySet<string> = new Set(['Initializing', 'Ready', 'Inactive', 'Terminating', 'Deleting']);
const entering = {verb: 'access', path: '/'} as const;

type Door = {
  readonly attributes: Attributes;
  readonly policies: readonly Policy[];
  readonly logicalCluster: KubeObject | undefined;
};

/** The refusal of a user who may not enter a workspace at all, whatever its roles say; undefined when they may. */
function closedBy(user: User, users: readonly User[], {attributes, policies, logicalCluster}: Door): Decision | undefined {
  const isIn = (group: string): boolean => users.some(one => one.groups.includes(group));
  if (attributes.path !== undefined && shardPaths.has(attributes.path)) return undefined;
  if (isIn(groups.logicalClusterAdmin)) return undefined;
  if (!logicalCluster) return refused('content', 'LogicalCluster not found');
  const required = logicalCluster.metadata.annotations?.[requiredGroupsAnnotation];
  if (required !== undefined && !isAccount(user) && !isIn(groups.externalLogicalClusterAdmin) && !fulfills(required, isIn))
    return denied('requiredgroups', `not a member of the required groups: ${required}`);
  const phase = digString(asJson(logicalCluster), 'status', 'phase') ?? '';
  if (!openPhases.has(phase)) return refused('content', `not permitted due to phase ${JSON.stringify(phase)}`);
  if (isAccount(user) && isInScope(user, attributes.workspace)) return undefined;
  const enters = policies.some(policy => judge(policy, users, entering).allowed);
  if (enters) return undefined;
  return refused('content', 'no verb=access permission on /', options => nearestMisses(policies, users, entering, options));
}

/** Clauses are parted by `;`, of which one has to hold; groups by `,`, all of which one has to have. */
const fulfills = (required: string, isIn: (group: string) => boolean): boolean =>
  [...required.split(';'), groups.kcpAdmin, groups.bootstrapper].some(clause => clause.split(',').every(isIn));

/** What the server alone says of bindings and exports. */
const isServersOwn = ({resource}: Attributes): boolean =>
  resource?.group === 'apis.kcp.io' &&
  resource.subresource === 'status' &&
  (resource.plural === 'apibindings' || resource.plural === 'apiexports');

/** The exports in root that limit what anybody may do with their kinds, whatever their own workspace allows (spec kcp 4.7, 5.2). */
const exportsWithLimits: ReadonlySet<string> = new Set(['tenancy.kcp.io', 'topology.kcp.io']);

const isExported = ({resource}: Attributes): boolean => resource !== undefined && exportsWithLimits.has(resource.group);

/** Users as the export's own workspace sees them who use it through a binding. */
const asBound = (users: readonly User[]): readonly User[] =>
  users.map(user => ({name: boundPrefix + user.name, groups: user.groups.map(group => boundPrefix + group)}));
const boundPrefix = 'apis.kcp.io:binding:';

/** Forbidden, in the words clients know. Also of what must look as if it was only forbidden. */
export function refusal(user: User, {verb, resource, path}: Attributes, why = 'access denied'): ApiError {
  const who = `User ${JSON.stringify(user.name)} cannot ${verb}`;
  const because = why ? `: ${why}` : '';
  if (!resource) return forbidden({group: '', resource: ''}, '', `${who} path ${JSON.stringify(path)}${because}`);
  const what = JSON.stringify(resource.subresource ? `${resource.plural}/${resource.subresource}` : resource.plural);
  const where = resource.namespace ? `in the namespace ${JSON.stringify(resource.namespace)}` : 'at the cluster scope';
  return forbidden(
    {group: resource.group, resource: resource.plural},
    resource.name ?? '',
    `${who} resource ${what} in API group ${JSON.stringify(resource.group)} ${where}${because}`,
  );
}
