import type {Fairness} from '../fairness/fairness.ts';
import {priorityLevels} from '../fairness/whose.ts';
import type {Metrics} from './metrics.ts';

const schemas = Object.keys(priorityLevels) as (keyof typeof priorityLevels)[];
const flow = {flow_schema: schemas, priority_level: Object.values(priorityLevels)};

/** What operators of Kubernetes look at, under its names: numbers of all users together, as many series however many users there are. */
export function fairnessMetrics(metrics: Metrics, fairness: Fairness): void {
  metrics.asked({type: 'gauge', name: 'apiserver_current_inflight_requests', help: inflight, labels: {request_kind: kinds}}, () =>
    kinds.map(kind => ({labels: {request_kind: kind}, value: fairness.executing(kind)})),
  );
  metrics.asked(
    {type: 'gauge', name: 'apiserver_flowcontrol_current_inqueue_requests', help: inQueue, labels: flow, combinationsMax: 4},
    () => schemas.map(schema => ({labels: {flow_schema: schema, priority_level: priorityLevels[schema]}, value: fairness.waiting(schema)})),
  );
  const labels = {...flow, reason: ['queue-full', 'time-out', 'too-many-watches']};
  metrics.asked({type: 'counter', name: 'apiserver_flowcontrol_rejected_requests_total', help: rejected, labels, combinationsMax: 10}, () =>
    Array.from(fairness.rejections(), ({schema, why, count}) => ({
      labels: {flow_schema: schema, priority_level: priorityLevels[schema], reason: why},
      value: count,
    })),
  );
}

const kinds = ['mutating', 'readOnly'] as const;
const inflight = 'Requests being worked on, watches aside.';
const inQueue = 'Requests that wait for their turn.';
const rejected = 'Requests that were refused as their user or workspace had too many.';
