import type {Decision, Stage} from './decision.ts';

/** What one authorizer said, kcp's chain in its parts. The audit log tells it, and nobody else is told. */
export type Step = {readonly authorizer: string; readonly decision: 'Allowed' | 'Denied' | 'NoOpinion'; readonly reason: string};

/** What those say who leave the decision to the rest of the chain. */
const delegating: readonly (readonly [stage: Stage, authorizer: string, reason: string])[] = [
  ['requiredgroups', '01-requiredgroups', 'delegating due to logical cluster does not require groups'],
  ['content', '02-content', 'delegating due to user logical cluster access'],
  ['systemcrd', '03-systemcrd', 'delegating due to no system CRD violation'],
  ['maxpermissionpolicy', '04-maxpermissionpolicy', 'delegating due to no relevant binding found'],
];

/** Those that ask no workspace: kcp's audit log does not tell of them. */
const silent: ReadonlySet<Stage> = new Set(['groups', 'paths', 'before']);

/** A decision as the steps of kcp's chain: who leaves it to others says as they do, and who has the last word says why. */
export const stepsOf = (decision: Decision): readonly Step[] => [...(decision.earlier ?? []), decision].flatMap(chainSteps);

function chainSteps({allowed, denied, stage, reason}: Decision): readonly Step[] {
  if (silent.has(stage)) return [];
  const decision = allowed ? 'Allowed' : denied ? 'Denied' : 'NoOpinion';
  if (stage === 'webhook') return [{authorizer: 'webhook', decision, reason}];
  const steps: Step[] = [];
  for (const [name, authorizer, why] of delegating) {
    steps.push({authorizer, decision, reason: name === stage ? reason : why});
    if (name === stage) return steps;
  }
  if (stage === 'bootstrap') return [...steps, {authorizer: '05-bootstrap', decision, reason: `bootstrap policy: ${reason}`}];
  const none: Step = {authorizer: '05-bootstrap', decision: 'NoOpinion', reason: 'bootstrap policy: no role allows it'};
  return [...steps, none, {authorizer: '05-local', decision, reason: `local cluster policy: ${reason}`}];
}

/** Rules that are looked at for what comes near, in passing: of many requests, each costs little. */
export const rulesInPassingMax = 1_000;

/** The steps for people who find out later: who had the last word also says what would nearly have allowed it. */
export function stepsToTell(decision: Decision): readonly Step[] {
  const nearest = decision.misses({rulesMax: rulesInPassingMax})[0]?.text;
  const steps = stepsOf(decision);
  if (nearest === undefined) return steps;
  const last = steps.findLast(({authorizer}) => authorizer !== 'webhook');
  return steps.map(step => (step === last ? {...step, reason: `${step.reason}; nearest: ${nearest}`} : step));
}

/** What clients are told (spec kcp 7.7): of roles no more than that, of a webhook its own words. `more`: what else somebody may know. */
export function shownReason(decision: Decision, more: (one: Decision) => string = () => ''): string {
  const own = (one: Decision): string => {
    if (one.stage === 'webhook' || (one.allowed && silent.has(one.stage))) return one.reason;
    const told = more(one);
    return `${one.allowed ? 'access granted' : 'access denied'}${told && `: ${told}`}`;
  };
  if (decision.allowed || decision.denied) return own(decision);
  const reasons = [...(decision.earlier ?? []), decision].map(own);
  return [...new Set(reasons)].filter(reason => reason !== '').join('\n');
}
