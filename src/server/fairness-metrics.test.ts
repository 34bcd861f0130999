import assert from 'node:assert/strict';
import {test} from 'node:test';
import {anonymous} from '../auth/user.ts';
import {fill, Server} from '../fairness/server.suite.ts';
import {fairnessMetrics} from './fairness-metrics.ts';
import {createMetrics} from './metrics.ts';

test('what operators see', async () => {
  const server = new Server({watchesPerUserMax: 1});
  const metrics = createMetrics();
  fairnessMetrics(metrics, server.fairness);
  await fill(server, 'ann');
  server.inside(anonymous, 'w', 'watch');
  assert.throws(() => server.enter(anonymous, 'w', 'watch'));
  for (const line of [
    'apiserver_current_inflight_requests{request_kind="readOnly"} 3',
    'apiserver_current_inflight_requests{request_kind="mutating"} 0',
    'apiserver_flowcontrol_current_inqueue_requests{flow_schema="global-default",priority_level="global-default"} 1',
    'apiserver_flowcontrol_rejected_requests_total{flow_schema="catch-all",priority_level="catch-all",reason="too-many-watches"} 1',
  ])
    assert.ok(metrics.text().includes(`${line}\n`), metrics.text());
});
