/**
 * How long ago `timestamp` (RFC 3339) was at `now` (ms), as `kubectl get` shows it: `5s`, `3m12s`, `4d2h` (spec kubernetes-api 4.6).
 * `<unknown>` without a timestamp, `<invalid>` when it is none or lies more than a second ahead.
 */
export function age(timestamp: string | undefined, now: number): string {
  if (!timestamp) return '<unknown>';
  const then = Date.parse(timestamp);
  return Number.isNaN(then) ? '<invalid>' : shortDuration(now - then);
}

const secondMs = 1000;
const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;

/** A duration with at most two units, fewer the longer it is; from two years on whole days, then whole years. */
export function shortDuration(ms: number): string {
  const seconds = Math.floor(ms / secondMs);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 2 * minute) return `${seconds}s`;
  if (seconds < 10 * minute) return twoUnits(seconds, [minute, 'm'], [1, 's']);
  if (seconds < 3 * hour) return `${Math.floor(seconds / minute)}m`;
  if (seconds < 8 * hour) return twoUnits(seconds, [hour, 'h'], [minute, 'm']);
  if (seconds < 2 * day) return `${Math.floor(seconds / hour)}h`;
  if (seconds < 8 * day) return twoUnits(seconds, [day, 'd'], [hour, 'h']);
  if (seconds < 2 * year) return `${Math.floor(seconds / day)}d`;
  if (seconds < 8 * year) return twoUnits(seconds, [year, 'y'], [day, 'd']);
  return `${Math.floor(seconds / year)}y`;
}

type Unit = readonly [seconds: number, letter: string];

function twoUnits(seconds: number, big: Unit, small: Unit): string {
  const rest = Math.floor((seconds % big[0]) / small[0]);
  return `${Math.floor(seconds / big[0])}${big[1]}${rest ? `${rest}${small[1]}` : ''}`;
}
