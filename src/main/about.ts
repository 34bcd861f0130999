import type {About} from '../server/about.ts';
import type {HealthCheck} from '../server/health.ts';

/** The version of Kubernetes whose API this server speaks, and our own. */
export const kubernetesVersion = 'v1.35.0';

export type Wellness = {
  /** What is wrong with the store, if anything. */
  readonly store: () => string | undefined;
  /** What readiness still waits for, if anything. */
  readonly starting: () => string | undefined;
  /** Whether the end has begun. */
  readonly ending: () => boolean;
};

/** What the server tells about itself. `version` is the package's. */
export function about(version: string, address: () => string, metrics: () => string, wellness: Wellness): About {
  const fine = (name: string): HealthCheck => ({name, check: () => undefined});
  const shared = [fine('ping'), fine('log'), {name: 'etcd', check: wellness.store}];
  const started = ['kcp-bootstrap-policy', 'kcp-start-informers', 'kcp-start-controllers'].map(name => ({
    name: `poststarthook/${name}`,
    check: wellness.starting,
  }));
  const ready = {name: 'informer-sync', check: wellness.starting};
  const shutdown = {name: 'shutdown', check: () => (wellness.ending() ? 'process is shutting down' : undefined)};
  return {
    address,
    metrics,
    version: versionInfo(version),
    health: {healthz: [...shared, ...started], livez: [...shared, ...started], readyz: [...shared, ready, ...started, shutdown]},
  };
}

const versionInfo = (version: string) => {
  const [major, minor] = kubernetesVersion.slice(1).split('.') as [string, string];
  return {
    major,
    minor,
    emulationMajor: major,
    emulationMinor: minor,
    minCompatibilityMajor: major,
    minCompatibilityMinor: String(Number(minor) - 1),
    gitVersion: `${kubernetesVersion}+kcp-v${version}`,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '2026-11-25T00:00:00Z',
    goVersion: `node ${process.versions.node}`,
    compiler: 'v8',
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  };
};
