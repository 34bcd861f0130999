import type {Json, JsonObject} from '../api/json.ts';
import {dig, isObject} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';

/** A condition in the form of kcp's own kinds (spec kcp 1.0). */
export type Condition = {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly severity?: 'Error' | 'Warning' | 'Info';
  readonly reason?: string;
  readonly message?: string;
};

/** Sets conditions of an object; the time of one changes with anything else in it. Ready stays first, the rest are sorted by type. */
export function setConditions(object: KubeObject, conditions: readonly Condition[], now: string): void {
  const status = statusOf(object);
  const byType = new Map(conditionsOf(object).map((one): [Json | undefined, JsonObject] => [one['type'], one]));
  for (const condition of conditions) {
    const before = byType.get(condition.type);
    if (before && sameBut(before, condition)) continue;
    byType.set(condition.type, {...condition, lastTransitionTime: now});
  }
  const rank = (one: JsonObject): string => (one['type'] === 'Ready' ? '' : String(one['type']));
  status['conditions'] = [...byType.values()].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

const sameBut = ({lastTransitionTime: _, ...before}: JsonObject, condition: Condition): boolean =>
  JSON.stringify(Object.entries(before).sort()) === JSON.stringify(Object.entries(condition).sort());

export const conditionsOf = (object: KubeObject): JsonObject[] => {
  const found = dig(asJson(object), 'status', 'conditions');
  return Array.isArray(found) ? found.filter(isObject) : [];
};

/** The status of an object to write into; made when it has none. */
export function statusOf(object: KubeObject): JsonObject {
  const json = asJson(object);
  if (!isObject(json['status'])) json['status'] = {};
  return json['status'] as JsonObject;
}
