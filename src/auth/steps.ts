/** What one authorizer of kcp's chain said. The audit log tells it, and nobody else is told. */
export type Step = {readonly authorizer: string; readonly decision: 'Allowed' | 'Denied' | 'NoOpinion'; readonly reason: string};

/** The parts of the chain (spec kcp 7.7), in their order. What is decided before it asks no workspace. */
export type Stage = 'before' | 'requiredgroups' | 'content' | 'systemcrd' | 'maxpermissionpolicy' | 'bootstrap' | 'local';

type Decided = {readonly allowed: boolean; readonly stage: Stage; readonly reason: string};

/** What those say who leave the decision to the rest of the chain. */
const delegating: readonly (readonly [stage: Stage, authorizer: string, reason: string])[] = [
  ['requiredgroups', '01-requiredgroups', 'delegating due to logical cluster does not require groups'],
  ['content', '02-content', 'delegating due to user logical cluster access'],
  ['systemcrd', '03-systemcrd', 'delegating due to no system CRD violation'],
  ['maxpermissionpolicy', '04-maxpermissionpolicy', 'delegating due to no relevant binding found'],
];
/** Those who refuse for good, and not only for want of a role. */
const denying: ReadonlySet<Stage> = new Set(['requiredgroups', 'systemcrd']);

/** A decision as the steps of kcp's chain: who leaves it to others says as they do, and who has the last word says why. */
export function stepsOf({allowed, stage, reason}: Decided): readonly Step[] {
  if (stage === 'before') return [];
  const decision = allowed ? 'Allowed' : denying.has(stage) ? 'Denied' : 'NoOpinion';
  const steps: Step[] = [];
  for (const [name, authorizer, why] of delegating) {
    steps.push({authorizer, decision, reason: name === stage ? reason : why});
    if (name === stage) return steps;
  }
  if (stage === 'bootstrap') return [...steps, {authorizer: '05-bootstrap', decision, reason: `bootstrap policy: ${reason}`}];
  const none: Step = {authorizer: '05-bootstrap', decision: 'NoOpinion', reason: 'bootstrap policy: no role allows it'};
  return [...steps, none, {authorizer: '05-local', decision, reason: `local cluster policy: ${reason}`}];
}
