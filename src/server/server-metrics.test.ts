import assert from 'node:assert/strict';
import {test} from 'node:test';
import {createMetrics, metricsLimits} from './metrics.ts';
import type {Gauges, MeasuredRequest} from './server-metrics.ts';
import {serverMetrics} from './server-metrics.ts';

const gauges: Gauges = {
  startSeconds: 1_700_000_000,
  residentBytes: () => 1024,
  cpuSeconds: () => 2.5,
  heapUsedBytes: () => 512,
  eventLoopLagSeconds: () => ({mean: 0.01, p50: 0.01, p99: 0.02, max: 0.5}),
  shard: 'root',
  logicalClusters: () => ({Ready: 7}),
};
const get: MeasuredRequest = {verb: 'GET', group: '', version: 'v1', resource: 'configmaps', subresource: '', scope: 'resource'};
const configMaps = {group: '', version: 'v1', resource: 'configmaps'};

test('a request is counted when it is answered', () => {
  const metrics = createMetrics();
  const server = serverMetrics(metrics, [configMaps], gauges);
  const done = server.shortRequest(get);
  const text = (): string[] => metrics.text().split('\n');
  done(200, 0.003);
  server.shortRequest({...get, verb: 'PUT'})(418, 9);
  for (const line of [
    'apiserver_request_total{verb="GET",group="",version="v1",resource="configmaps",subresource="",scope="resource",code="200"} 1',
    'apiserver_request_total{verb="PUT",group="",version="v1",resource="configmaps",subresource="",scope="resource",code="other"} 1',
    'apiserver_request_duration_seconds_bucket{verb="GET",scope="resource",le="0.001"} 0',
    'apiserver_request_duration_seconds_bucket{verb="GET",scope="resource",le="0.005"} 1',
    'apiserver_request_duration_seconds_count{verb="PUT",scope="resource"} 1',
  ])
    assert.ok(text().includes(line), line);
});

test('watches are counted apart', () => {
  const metrics = createMetrics();
  const server = serverMetrics(metrics, [configMaps], gauges);
  const done = server.longRequest({...get, verb: 'WATCH', scope: 'namespace'});
  server.listed('', 'configmaps');
  server.listed('wildwest.dev', 'cowboys');
  const labels = 'verb="WATCH",group="",version="v1",resource="configmaps",subresource="",scope="namespace"';
  assert.ok(metrics.text().includes(`apiserver_longrunning_requests{${labels}} 1\n`));
  done(200);
  assert.ok(metrics.text().includes(`apiserver_longrunning_requests{${labels}} 0\n`));
  assert.ok(metrics.text().includes(`apiserver_request_total{${labels},code="200"} 1\n`));
  assert.ok(metrics.text().includes('apiserver_cache_list_total{group="",resource="configmaps"} 1\n'));
  assert.ok(metrics.text().includes('apiserver_cache_list_total{group="wildwest.dev",resource="cowboys"} 1\n'));
  assert.doesNotMatch(metrics.text(), /duration_seconds_count/);
});

test('the process and the tenants', () => {
  const metrics = createMetrics();
  serverMetrics(metrics, [], gauges);
  for (const line of [
    'process_start_time_seconds 1700000000',
    'process_resident_memory_bytes 1024',
    'nodejs_eventloop_lag_p99_seconds 0.02',
    'kcp_logicalcluster_count{shard="root",phase="Ready"} 7',
  ])
    assert.ok(metrics.text().split('\n').includes(line), line);
});

test('CVE-2020-8552 a server that has seen everything stays within the limit', () => {
  const metrics = createMetrics();
  const fixed = Array.from({length: 60}, (_, n) => ({group: `g${n}`, version: 'v1', resource: `r${n}`}));
  const server = serverMetrics(metrics, fixed, gauges);
  for (const one of fixed)
    for (const verb of ['GET', 'LIST', 'POST', 'PUT', 'PATCH', 'DELETE', 'ODD'])
      for (const code of [200, 404, 409, 500, 599]) {
        server.shortRequest({...get, ...one, verb})(code, 1);
        server.longRequest({...get, ...one, verb: 'WATCH'})(code);
        server.listed(one.group, one.resource);
        server.listed(`${one.group}.${code}`, one.resource);
      }
  const series = metrics
    .text()
    .split('\n')
    .filter(line => line && !line.startsWith('#'));
  assert.ok(series.length > 900 && series.length <= metricsLimits.seriesMax, String(series.length));
});
