/** Why something is allowed or not, for people and programs: no more than whoever asks may read (see `sight`). */
import type {WorkspaceId} from '../api/cluster.ts';
import type {JsonObject} from '../api/json.ts';
import type {Attributes} from './attributes.ts';
import type {Decision, Stage} from './decision.ts';
import type {AuthorizerName} from './order.ts';
import type {Grant} from './rbac/grant.ts';
import type {Binding, PolicyRule, Subject} from './rbac/objects.ts';
import {ruleSet} from './rbac/rule-set.ts';
import type {Sight} from './sight.ts';
import {maySee, maySeeMiss, seesAll} from './sight.ts';
import {rulesInPassingMax} from './steps.ts';

export type Outcome = 'Allows' | 'Denies' | 'NoOpinion' | 'Passes' | 'NotAsked';

export type Explained = {
  readonly decision: Decision;
  readonly attributes: Attributes & {readonly workspace: WorkspaceId};
  /** Who is asked, in this order. */
  readonly order: readonly AuthorizerName[];
  readonly sight: Sight;
};

const namespaceOf = ({resource}: Attributes): string | undefined => resource?.namespace || undefined;

/** In one line: what a review says for its reason. Empty where no more is to be said than that it was refused. */
export function reasonFor({decision, attributes, sight}: Omit<Explained, 'order'>): string {
  const {allowed, stage, reason, grant} = decision;
  const namespace = namespaceOf(attributes);
  if (allowed) return grant && maySee(sight, grant, policyOf(stage), namespace) ? reason : '';
  if (stage !== 'local') return '';
  const mayTell = tellable(sight, namespace);
  const nearest = decision.misses({rulesMax: rulesInPassingMax, mayTell})[0]?.text;
  const why = seesAll(sight, namespace) ? reason : noRole;
  return nearest === undefined ? why : `${why}; nearest: ${nearest}`;
}

const noRole = 'no role allows it';
const policyOf = (stage: Stage): number => (stage === 'bootstrap' ? 0 : 1);
const tellable =
  (sight: Sight, namespace: string | undefined) =>
  (miss: Parameters<typeof maySeeMiss>[1], policy: number): boolean =>
    maySeeMiss(sight, miss, policy, namespace);

/** The whole of it, as JSON. */
export function explanation(explained: Explained): JsonObject {
  const {decision, attributes, sight} = explained;
  const namespace = namespaceOf(attributes);
  const {allowed, denied, stage, grant, error} = decision;
  const misses = allowed ? [] : decision.misses({mayTell: tellable(sight, namespace)});
  const told = grant && maySee(sight, grant, policyOf(stage), namespace) ? grant : undefined;
  return {
    allowed,
    ...(denied && {denied}),
    ...(error !== undefined && {error}),
    workspace: attributes.workspace,
    steps: stepsOf(explained),
    ...(told && {decidedBy: grantJson(told, stage, attributes)}),
    ...(misses.length > 0 && {nearestMisses: misses.map(({lacks, text, grant}) => ({lacks, text, ...ofGrant(grant)}))}),
    complete: seesAll(sight, namespace),
  };
}

/** What a grant is made of. */
const ofGrant = ({binding, subject}: Grant): JsonObject => ({
  binding: bindingJson(binding),
  role: {...binding.roleRef},
  subject: subjectJson(subject),
});

const grantJson = (grant: Grant, stage: Stage, attributes: Attributes): JsonObject => {
  const rule = grant.rules?.rules.find(one => ruleSet([one]).allows(attributes));
  return {
    ...ofGrant(grant),
    /** Where the binding lies. */
    ...(stage === 'bootstrap' && {everywhere: true}),
    ...(rule && {rule: ruleJson(rule)}),
  };
};

const bindingJson = ({name, namespace}: Binding): JsonObject => ({
  kind: namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding',
  name,
  ...(namespace !== undefined && {namespace}),
});
const subjectJson = ({kind, name, namespace}: Subject): JsonObject => ({kind, name, ...(namespace && {namespace})});

/** Entries of one list of a rule that are told. */
const listedMax = 100;
const ruleJson = (rule: PolicyRule): JsonObject =>
  Object.fromEntries(Object.entries(rule).map(([key, values]) => [key, (values as readonly string[]).slice(0, listedMax)]));

/** kcp's chain, by the parts that may have the last word. */
const parts: readonly (readonly [stage: Stage, authorizer: string])[] = [
  ['requiredgroups', '01-requiredgroups'],
  ['content', '02-content'],
  ['systemcrd', '03-systemcrd'],
  ['maxpermissionpolicy', '04-maxpermissionpolicy'],
  ['bootstrap', '05-bootstrap'],
  ['local', '05-local'],
];

function stepsOf(explained: Explained): JsonObject[] {
  const {decision, order} = explained;
  const said = [...(decision.earlier ?? []), decision];
  const steps: JsonObject[] = [];
  let isOver = false;
  for (const name of order) {
    const own = said.find(({stage}) => authorizerOf(stage) === name);
    if (isOver) steps.push({authorizer: name, outcome: 'NotAsked'});
    else if (name === 'RBAC' && own) steps.push(...chain(own, explained));
    else steps.push({authorizer: name, outcome: own ? outcomeOf(own) : 'NoOpinion', ...reasonOf(own, explained)});
    isOver ||= own !== undefined && (own.allowed || own.denied);
  }
  return steps;
}

function authorizerOf(stage: Stage): AuthorizerName {
  if (stage === 'groups') return 'AlwaysAllowGroups';
  if (stage === 'paths') return 'AlwaysAllowPaths';
  return stage === 'webhook' ? 'Webhook' : 'RBAC';
}

function chain(own: Decision, explained: Explained): JsonObject[] {
  if (own.stage === 'before') return [{authorizer: 'RBAC', outcome: outcomeOf(own), reason: own.reason}];
  const steps: JsonObject[] = [];
  for (const [stage, authorizer] of parts) {
    if (stage === own.stage) return [...steps, {authorizer, outcome: outcomeOf(own), ...reasonOf(own, explained)}];
    steps.push({authorizer, outcome: stage === 'bootstrap' ? 'NoOpinion' : 'Passes'});
  }
  return steps;
}

const outcomeOf = ({allowed, denied}: Decision): Outcome => (allowed ? 'Allows' : denied ? 'Denies' : 'NoOpinion');

function reasonOf(own: Decision | undefined, {attributes, sight}: Explained): {readonly reason?: string} {
  if (!own) return {};
  const namespace = namespaceOf(attributes);
  const {stage, grant, reason, error} = own;
  if (stage === 'webhook') return reason || error ? {reason: [reason, error].filter(Boolean).join(': ')} : {};
  if (grant) return maySee(sight, grant, policyOf(stage), namespace) ? {reason} : {};
  if (stage === 'requiredgroups' && !sight.clusterRoles) return {reason: 'not a member of the groups that the workspace demands'};
  if (stage === 'local' && !seesAll(sight, namespace)) return {reason: noRole};
  return {reason};
}
