/** Whom the server asks whether somebody may, under kcp's names (spec kcp 7.7). */
export const authorizerNames = ['AlwaysAllowGroups', 'AlwaysAllowPaths', 'RBAC', 'Webhook'] as const;
export type AuthorizerName = (typeof authorizerNames)[number];

export const isAuthorizerName = (name: string): name is AuthorizerName => authorizerNames.some(known => known === name);

/** Whether a path is open to everybody. */
export type OpenPaths = (path: string) => boolean;

/** Single checks lie below the path that has them all. */
const oneCheck = /^\/(?:healthz|livez|readyz)(?=\/[\w-]+$)/;

/**
 * Paths as Kubernetes takes them: the slash in front may be left out, a star at the end stands for anything. Who may ask for the health of the server may
 * also ask for one check of it.
 * @throws Error for a star elsewhere, in Kubernetes' words
 */
export function openPaths(patterns: readonly string[]): OpenPaths {
  const paths = new Set<string>();
  const prefixes: string[] = [];
  for (const pattern of patterns) {
    const path = withSlash(pattern);
    if (path.slice(1, -1).includes('*')) throw new Error(`only trailing * allowed in ${JSON.stringify(path.slice(1))}`);
    if (path.endsWith('*')) prefixes.push(path.slice(0, -1));
    else paths.add(path);
  }
  return path => {
    if (paths.has(path) || prefixes.some(prefix => path.startsWith(prefix))) return true;
    const whole = oneCheck.exec(path)?.[0];
    return whole !== undefined && paths.has(whole);
  };
}

const withSlash = (path: string): string => (path.startsWith('/') ? path : `/${path}`);

/** Those of kcp. */
export const defaultPaths: readonly string[] = ['/healthz', '/readyz', '/livez'];
