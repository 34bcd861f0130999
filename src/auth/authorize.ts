import type {WorkspaceId} from '../api/cluster.ts';
import {root, systemAdmin} from '../api/cluster.ts';
import {type ApiError, forbidden} from '../api/errors.ts';
import {digString} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import type {Attributes} from './attributes.ts';
import {effectiveUsers, isAccount, isInScope} from './effective-users.ts';
import type {Holdings} from './rbac/escalation.ts';
import type {Miss} from './rbac/misses.ts';
import {nearestMisses} from './rbac/misses.ts';
import type {RoleRef} from './rbac/objects.ts';
import type {Policy} from './rbac/policy.ts';
import {judge, missingRoles} from './rbac/policy.ts';
import type {RuleSet} from './rbac/rule-set.ts';
import type {Stage, Step} from './steps.ts';
import {stepsOf} from './steps.ts';
import type {User} from './user.ts';
import {groups} from './user.ts';

export type Decision = {
  readonly allowed: boolean;
  /** Which part of the chain had the last word. */
  readonly stage: Stage;
  /** Which rule decided, in words for logs and audit. Clients see `access denied` and no more. */
  readonly reason: string;
  /** Of a refusal: what would nearly have allowed it, the nearest first. Found out when asked for. */
  readonly misses: () => readonly Miss[];
};

declare const minted: unique symbol;
/** Proof that a request passed `authorize`: later steps demand it, and nothing else can make one. */
export type Allowed = {readonly user: User; readonly attributes: Attributes; readonly why: string; readonly [minted]: true};

/** Who may do what: the same answers for requests, for questions about them, and for rules that ask themselves. */
export type Authorizer = {
  /** `entered`: as if the user had already been let into the workspace, and no export set limits (spec kcp 7.7, deep reviews). */
  decide(user: User, attributes: Attributes, options?: {readonly entered: boolean}): Promise<Decision>;
  /** The same for somebody who cannot wait: how decisions in a workspace are made as of now. */
  decider(workspace: WorkspaceId): Promise<Decide>;
  /**
   * @param steps is told what each part of the chain said, allowed or not
   * @throws ApiError Forbidden, with the text Kubernetes' clients know and without saying what exists
   */
  authorize(user: User, attributes: Attributes, steps?: Step[]): Promise<Allowed>;
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
};

/** Paths that answer to everybody, also to strangers (spec kcp 7.7, kubernetes-api 7.6). */
const openPaths = /^\/(healthz|livez|readyz)(\/[\w-]+)?$|^\/version$/;
/** Paths that say nothing of a workspace: who may not enter it may still be given them. */
const shardPaths: ReadonlySet<string> = new Set(['/metrics']);

const noMisses = (): readonly Miss[] => [];
const allowed = (stage: Stage, reason: string): Decision => ({allowed: true, stage, reason, misses: noMisses});
const refused = (stage: Stage, reason: string, misses = noMisses): Decision => ({allowed: false, stage, reason, misses});

/** kcp's chain (spec kcp 7.7), from what is open to all down to the roles and bindings that hold in a workspace. */
export function createAuthorizer({policyOf, logicalClusterOf}: AuthorizerSources): Authorizer {
  const policiesOf = async (workspace: WorkspaceId): Promise<readonly Policy[]> => {
    const everywhere = policyOf(systemAdmin);
    const local = policyOf(workspace);
    // Waiting costs a turn even of what is there.
    return [everywhere instanceof Promise ? await everywhere : everywhere, local instanceof Promise ? await local : local];
  };
  const gather = async (workspace: WorkspaceId): Promise<Grounds> => {
    const policies = await policiesOf(workspace);
    const logicalCluster = logicalClusterOf(workspace);
    const limits = policyOf(root);
    return {
      policies,
      logicalCluster: logicalCluster instanceof Promise ? await logicalCluster : logicalCluster,
      limits: limits instanceof Promise ? await limits : limits,
    };
  };

  const decide: Authorizer['decide'] = async (user, attributes, {entered} = {entered: false}) => {
    const {workspace} = attributes;
    return decideAtOnce(user, attributes) ?? decideUpon(await gather(workspace as WorkspaceId), user, attributes, entered);
  };

  return {
    decide,
    async decider(workspace) {
      const grounds = await gather(workspace);
      return (user, attributes) => decideAtOnce(user, attributes) ?? decideUpon(grounds, user, attributes, false);
    },
    async authorize(user, attributes, steps) {
      const decision = await decide(user, attributes);
      steps?.push(...stepsOf(decision));
      if (!decision.allowed) throw refusal(user, attributes);
      return {user, attributes, why: decision.reason} as Allowed;
    },
    async holdings(user, workspace, namespace) {
      const users = effectiveUsers(user, workspace);
      const grants = (await policiesOf(workspace)).flatMap(policy => policy.grantsTo(users, namespace));
      return {rules: grants.flatMap(({rules}) => rules?.rules ?? []), errors: missingRoles(grants)};
    },
    role: async (workspace, ref, namespace) => (await policyOf(workspace)).role(ref, namespace),
  };
}

/** What is known of a workspace when something in it is decided. */
type Grounds = {
  /** Of all workspaces, and of this one. */
  readonly policies: readonly Policy[];
  readonly logicalCluster: KubeObject | undefined;
  /** What exports of root allow anybody. */
  readonly limits: Policy;
};

/** What needs no look at a workspace. */
function decideAtOnce(user: User, {workspace, path}: Attributes): Decision | undefined {
  if (user.groups.includes(groups.masters)) return allowed('before', `member of ${groups.masters}`);
  if (path !== undefined && openPaths.test(path)) return allowed('before', 'open to everybody');
  // System clusters and the view across all workspaces are for the shards themselves (spec kcp 2.7, 3.1).
  return workspace === '*' || workspace.startsWith('system:') ? refused('before', 'not a workspace') : undefined;
}

function decideUpon({policies, logicalCluster, limits}: Grounds, user: User, attributes: Attributes, entered: boolean): Decision {
  const users = effectiveUsers(user, attributes.workspace);
  const closed = entered ? undefined : closedBy(user, users, {attributes, policies, logicalCluster});
  if (closed) return refused(closed.stage, closed.reason);
  if (isServersOwn(attributes)) return refused('systemcrd', 'this status is written by the server alone');
  if (!entered && isExported(attributes) && !judge(limits, asBound(users), attributes).allowed)
    return refused('maxpermissionpolicy', 'beyond what its export permits anybody');
  const errors: string[] = [];
  for (const [i, policy] of policies.entries()) {
    const verdict = judge(policy, users, attributes);
    if (verdict.allowed) return allowed(i === 0 ? 'bootstrap' : 'local', verdict.reason);
    if (verdict.reason) errors.push(verdict.reason);
  }
  return refused('local', errors.join('; ') || 'no role allows it', () => nearestMisses(policies, users, attributes));
}

/** What a workspace demands of those who want to know of it that certain groups have (spec kcp 7.7). */
const requiredGroupsAnnotation = 'authorization.kcp.io/required-groups';
const openPhases: ReadonlySet<string> = new Set(['Initializing', 'Ready', 'Inactive', 'Terminating', 'Deleting']);
const entering = {verb: 'access', path: '/'} as const;

type Closed = {readonly stage: Stage; readonly reason: string};
type Door = {
  readonly attributes: Attributes;
  readonly policies: readonly Policy[];
  readonly logicalCluster: KubeObject | undefined;
};

/** Why a user may not enter a workspace at all, whatever its roles say; undefined when they may. */
function closedBy(user: User, users: readonly User[], {attributes, policies, logicalCluster}: Door): Closed | undefined {
  const isIn = (group: string): boolean => users.some(one => one.groups.includes(group));
  if (attributes.path !== undefined && shardPaths.has(attributes.path)) return undefined;
  if (isIn(groups.logicalClusterAdmin)) return undefined;
  if (!logicalCluster) return {stage: 'content', reason: 'LogicalCluster not found'};
  const required = logicalCluster.metadata.annotations?.[requiredGroupsAnnotation];
  if (required !== undefined && !isAccount(user) && !isIn(groups.externalLogicalClusterAdmin) && !fulfills(required, isIn))
    return {stage: 'requiredgroups', reason: `not a member of the required groups: ${required}`};
  const phase = digString(asJson(logicalCluster), 'status', 'phase') ?? '';
  if (!openPhases.has(phase)) return {stage: 'content', reason: `not permitted due to phase ${JSON.stringify(phase)}`};
  if (isAccount(user) && isInScope(user, attributes.workspace)) return undefined;
  const enters = policies.some(policy => judge(policy, users, entering).allowed);
  return enters ? undefined : {stage: 'content', reason: 'no verb=access permission on /'};
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
export function refusal(user: User, {verb, resource, path}: Attributes): ApiError {
  const who = `User ${JSON.stringify(user.name)} cannot ${verb}`;
  if (!resource) return forbidden({group: '', resource: ''}, '', `${who} path ${JSON.stringify(path)}: access denied`);
  const what = JSON.stringify(resource.subresource ? `${resource.plural}/${resource.subresource}` : resource.plural);
  const where = resource.namespace ? `in the namespace ${JSON.stringify(resource.namespace)}` : 'at the cluster scope';
  return forbidden(
    {group: resource.group, resource: resource.plural},
    resource.name ?? '',
    `${who} resource ${what} in API group ${JSON.stringify(resource.group)} ${where}: access denied`,
  );
}
