/**
 * Kubernetes' order of versions, best first: GA before beta before alpha, higher numbers first; names of another form last, by
 * their text (spec kubernetes-api 6.10).
 */
export function compareVersions(a: string, b: string): number {
  const left = parse(a);
  const right = parse(b);
  if (left && right) return right.stage - left.stage || right.major - left.major || right.minor - left.minor;
  if (left || right) return left ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

const form = /^v(\d{1,9})(?:(alpha|beta)(\d{1,9}))?$/;
const stages = {alpha: 0, beta: 1} as const;

function parse(version: string): {readonly stage: number; readonly major: number; readonly minor: number} | undefined {
  const match = form.exec(version);
  if (!match) return undefined;
  const stage = match[2] as keyof typeof stages | undefined;
  return {stage: stage ? stages[stage] : 2, major: Number(match[1]), minor: Number(match[3] ?? 0)};
}
