/** What one authorizer of kcp's chain said. The audit log tells it, and nobody else is told. */
export type Step = {readonly authorizer: string; readonly decision: 'Allowed' | 'Denied' | 'NoOpinion'; readonly reason: string};

type Decided = {readonly allowed: boolean; readonly reason: string; readonly byItself?: boolean};

/** The present rules, told as steps of that chain (spec kcp 7.7): until RBAC is enforced, none of the first four refuses whom the last would take. */
export function stepsOf({workspace}: {readonly workspace: string}, {allowed, reason, byItself}: Decided): readonly Step[] {
  if (byItself) return [];
  const decision = allowed ? 'Allowed' : 'NoOpinion';
  if (workspace === '*') return [{authorizer: '01-requiredgroups', decision, reason: 'empty cluster name'}];
  return [
    {authorizer: '01-requiredgroups', decision, reason: 'delegating due to logical cluster does not require groups'},
    {authorizer: '02-content', decision, reason: 'delegating due to user logical cluster access'},
    {authorizer: '03-systemcrd', decision, reason: 'delegating due to no system CRD violation'},
    {authorizer: '04-maxpermissionpolicy', decision, reason: 'delegating due to no relevant binding found'},
    {authorizer: '05-bootstrap', decision, reason: `bootstrap policy: ${reason}`},
  ];
}
