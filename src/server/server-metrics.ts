import type {Metrics, Sample} from './metrics.ts';

/** What a request was, as Kubernetes' metrics name it. */
export type MeasuredRequest = {
  /** In upper case: `GET`, `LIST`, `WATCH`, `DELETECOLLECTION`. */
  readonly verb: string;
  /** Of a kind that workspaces define themselves: `custom` in all three. Empty for what is no resource. */
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  /** Empty for what is no resource. */
  readonly scope: 'cluster' | 'namespace' | 'resource' | '';
};

/** The numbers of a server at work. Each call costs less than a microsecond. */
export type ServerMetrics = {
  /** A short request starts; call what is returned when it was answered. */
  shortRequest(request: MeasuredRequest): (code: number, seconds: number) => void;
  /** The same for a watch, whose duration says nothing. */
  longRequest(request: MeasuredRequest): (code: number) => void;
  /** A list was answered, of a kind that may be a workspace's own. */
  listed(group: string, resource: string): void;
};

/** What is known elsewhere and asked for when the metrics are read. */
export type Gauges = {
  readonly startSeconds: number;
  readonly residentBytes: () => number;
  readonly cpuSeconds: () => number;
  readonly heapUsedBytes: () => number;
  /** How much later than due the event loop came round, lately. */
  readonly eventLoopLagSeconds: () => {readonly mean: number; readonly p50: number; readonly p99: number; readonly max: number};
  readonly shard: string;
  readonly logicalClusters: () => {readonly [phase: string]: number};
};

/** A resource every workspace has. */
export type NamedResource = {readonly group: string; readonly version: string; readonly resource: string};

/**
 * Defines the metrics clients of Kubernetes and kcp know (spec kcp 10.5) in `metrics`.
 *
 * @param fixed the resources that get series of their own; all others share `custom`
 */
export function serverMetrics(metrics: Metrics, fixed: readonly NamedResource[], gauges: Gauges): ServerMetrics {
  defineGauges(metrics, gauges);
  const labels = requestLabels(fixed);
  const total = metrics.counter({
    name: 'apiserver_request_total',
    help: 'Requests that were answered.',
    labels: {...labels, code: codes},
    combinationsMax: 800,
  });
  const duration = metrics.histogram({
    name: 'apiserver_request_duration_seconds',
    help: 'Time from request to answer, watches aside.',
    labels: {verb: verbs, scope: scopes},
    buckets: [0.001, 0.005, 0.025, 0.1, 0.25, 1, 5, 30],
    combinationsMax: 36,
  });
  const longRunning = metrics.gauge({
    name: 'apiserver_longrunning_requests',
    help: 'Watches that are open.',
    labels,
    combinationsMax: 100,
  });
  const lists = metrics.counter({
    name: 'apiserver_cache_list_total',
    help: 'Lists that were answered.',
    labels: {group: 'any', resource: 'any'},
    combinationsMax: 100,
  });

  return {
    shortRequest(request) {
      return (code, seconds) => {
        total.add({...request, code: codeLabel(code)});
        duration.observe({verb: request.verb, scope: request.scope}, seconds);
      };
    },
    longRequest(request) {
      longRunning.add(request);
      return code => {
        longRunning.add(request, -1);
        total.add({...request, code: codeLabel(code)});
      };
    },
    listed: (group, resource) => lists.add({group, resource}),
  };
}

const verbs = ['GET', 'LIST', 'WATCH', 'POST', 'PUT', 'PATCH', 'APPLY', 'DELETE', 'DELETECOLLECTION'];
const scopes = ['', 'cluster', 'namespace', 'resource'];
const codes = [
  ...['0', '101', '200', '201', '202', '301', '304', '400', '401', '403', '404', '405', '406', '409', '410', '413', '415', '422', '429'],
  ...['500', '501', '503', '504'],
];

// Texts are made once: making one for each request would cost more than the counting.
const codeTexts = new Map(codes.map(code => [Number(code), code]));
const codeLabel = (code: number): string => codeTexts.get(code) ?? 'other';

const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)];

const requestLabels = (fixed: readonly NamedResource[]) => ({
  verb: verbs,
  group: distinct(['', 'custom', ...fixed.map(f => f.group)]),
  version: distinct(['', 'custom', ...fixed.map(f => f.version)]),
  resource: distinct(['', 'custom', ...fixed.map(f => f.resource)]),
  subresource: ['', 'status', 'scale', 'finalize', 'token', 'approval'],
  scope: scopes,
});

const phases = ['Scheduling', 'Initializing', 'Ready', 'Unavailable', 'Inactive', 'Terminating', 'Deleting'];

function defineGauges(metrics: Metrics, gauges: Gauges): void {
  const one = (type: 'counter' | 'gauge', name: string, help: string, read: () => number): void =>
    metrics.asked<never>({type, name, help, labels: {}}, () => [{labels: {}, value: read()}]);

  one('gauge', 'process_start_time_seconds', 'When the process started, in seconds since 1970.', () => gauges.startSeconds);
  one('gauge', 'process_resident_memory_bytes', 'Memory the process holds.', gauges.residentBytes);
  one('counter', 'process_cpu_seconds_total', 'Time spent on processors.', gauges.cpuSeconds);
  one('gauge', 'nodejs_heap_size_used_bytes', 'What lives on the heap, and garbage not yet collected.', gauges.heapUsedBytes);
  const lag = gauges.eventLoopLagSeconds;
  one('gauge', 'nodejs_eventloop_lag_mean_seconds', 'How late the event loop was on average.', () => lag().mean);
  one('gauge', 'nodejs_eventloop_lag_p50_seconds', 'How late the event loop was half of the time, at most.', () => lag().p50);
  one('gauge', 'nodejs_eventloop_lag_p99_seconds', 'How late the event loop was, but for one in a hundred.', () => lag().p99);
  one('gauge', 'nodejs_eventloop_lag_max_seconds', 'How late the event loop was at worst.', () => lag().max);
  metrics.asked(
    {type: 'gauge', name: 'kcp_logicalcluster_count', help: 'Logical clusters by phase.', labels: {shard: [gauges.shard], phase: phases}},
    () =>
      Object.entries(gauges.logicalClusters()).map(
        ([phase, value]): Sample<'shard' | 'phase'> => ({labels: {shard: gauges.shard, phase}, value}),
      ),
  );
}
