import {monitorEventLoopDelay} from 'node:perf_hooks';
import type {Fairness} from '../fairness/fairness.ts';
import {fixedKinds} from '../registry/fixed-kinds.ts';
import {builtInSection, rangeOf} from '../registry/keys.ts';
import type {Call} from '../server/call.ts';
import type {Deps} from '../server/deps.ts';
import {fairnessMetrics} from '../server/fairness-metrics.ts';
import {createMetrics} from '../server/metrics.ts';
import type {MeasuredRequest} from '../server/server-metrics.ts';
import {serverMetrics} from '../server/server-metrics.ts';
import type {Storage} from '../storage/storage.ts';

export type Measures = {
  readonly observe: Deps['observe'];
  /** Prometheus' text. The delays of the event loop are those since it was asked for the last time. */
  readonly text: () => string;
  readonly stop: () => void;
};

const loopResolutionMs = 10;
/** Counting goes on to here; beyond, the number says at least so many. */
const countedMax = 10_000_000;
const nsPerSecond = 1e9;

/** Node tells the time between two looks, in ns; what is beyond the resolution is the delay, in seconds. */
const late = (between: number): number => Math.max(0, between / nsPerSecond - loopResolutionMs / 1000) || 0;

/** The numbers of this process. */
export function measure(shard: string, store: Storage, fairness: Fairness): Measures {
  const loop = monitorEventLoopDelay({resolution: loopResolutionMs});
  loop.enable();
  let logicalClusters = 0;
  const recount = async (): Promise<void> => {
    logicalClusters = await store.count(rangeOf({group: 'core.kcp.io', resource: 'logicalclusters', section: builtInSection}), countedMax);
  };
  const metrics = createMetrics();
  fairnessMetrics(metrics, fairness);
  const server = serverMetrics(
    metrics,
    fixedKinds.map(({group, version, names}) => ({group, version, resource: names.plural})),
    {
      startSeconds: Date.now() / 1000 - process.uptime(),
      residentBytes: () => process.memoryUsage.rss(),
      cpuSeconds: () => process.resourceUsage().userCPUTime / 1e6 + process.resourceUsage().systemCPUTime / 1e6,
      heapUsedBytes: () => process.memoryUsage().heapUsed,
      eventLoopLagSeconds: () => ({
        mean: late(loop.mean),
        p50: late(loop.percentile(50)),
        p99: late(loop.percentile(99)),
        max: late(loop.max),
      }),
      shard,
      // The number as of the last time somebody asked: counting takes a moment, and readers come again.
      logicalClusters: () => {
        recount().catch(() => undefined);
        return {all: logicalClusters};
      },
    },
  );
  return {
    text: () => {
      const text = metrics.text();
      loop.reset();
      return text;
    },
    stop: () => loop.disable(),
    observe: (call, status, tookMs) => {
      const request = measured(call);
      if (call?.resource?.verb === 'watch') return server.longRequest(request)(status);
      server.shortRequest(request)(status, tookMs / 1000);
      if (call?.resource?.verb === 'list' && status === 200) server.listed(call.resource.group, call.resource.plural);
    },
  };
}

const known = new Set(fixedKinds.map(({group, names}) => `${names.plural}.${group}`));

function measured(call: Call | undefined): MeasuredRequest {
  const what = call?.resource;
  if (!what) return {verb: call?.request.method ?? 'GET', group: '', version: '', resource: '', subresource: '', scope: ''};
  const verb = verbNames[what.verb];
  const scope = what.name !== undefined ? 'resource' : what.namespace !== undefined ? 'namespace' : 'cluster';
  const subresource = what.subresource ?? '';
  if (!known.has(`${what.plural}.${what.group}`)) return {verb, group: 'custom', version: 'custom', resource: 'custom', subresource, scope};
  return {verb, group: what.group, version: what.version, resource: what.plural, subresource, scope};
}

const verbNames = {
  get: 'GET',
  list: 'LIST',
  watch: 'WATCH',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETECOLLECTION',
} as const;
