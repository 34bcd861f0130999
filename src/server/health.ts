/** One thing that must hold for the server to be well; says what is wrong, if anything. */
export type HealthCheck = {readonly name: string; check(): string | undefined};

export type HealthEndpoint = 'healthz' | 'livez' | 'readyz';

/** A reply in plain text. */
export type HealthReply = {readonly status: 200 | 404 | 500; readonly text: string};

/**
 * Answers `/<endpoint>` and `/<endpoint>/<check>` (spec kubernetes-api 7.6).
 *
 * @param rest the path behind the endpoint, without slashes around it; empty asks for all checks
 * @param query `verbose` (of any value) lists the checks, `exclude` (repeatable) leaves some out
 */
export function health(endpoint: HealthEndpoint, rest: string, query: URLSearchParams, checks: readonly HealthCheck[]): HealthReply {
  if (rest) {
    const check = checks.find(({name}) => name === rest);
    return check ? single(check) : {status: 404, text: '404 page not found\n'};
  }
  const excluded = new Set(query.getAll('exclude').filter(Boolean));
  const lines: string[] = [];
  let failed = false;
  for (const {name, check} of checks) {
    if (excluded.delete(name)) {
      lines.push(`[+]${name} excluded: ok`);
      continue;
    }
    const wrong = check() !== undefined;
    failed ||= wrong;
    // Anyone may ask, so the reason is for the log and for those who may ask for the single check.
    lines.push(wrong ? `[-]${name} failed: reason withheld` : `[+]${name} ok`);
  }
  if (excluded.size > 0) {
    const unknown = [...excluded].sort().map(name => JSON.stringify(name));
    lines.push(`warn: some health checks cannot be excluded: no matches for ${unknown.join(', ')}`);
  }
  if (failed) return {status: 500, text: `${lines.join('\n')}\n${endpoint} check failed\n`};
  return {status: 200, text: query.has('verbose') ? `${lines.join('\n')}\n${endpoint} check passed\n` : 'ok'};
}

function single({check}: HealthCheck): HealthReply {
  const wrong = check();
  return wrong === undefined ? {status: 200, text: 'ok'} : {status: 500, text: `internal server error: ${wrong}\n`};
}
