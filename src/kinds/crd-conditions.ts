import type {JsonObject} from '../api/json.ts';
import {dig, isObject} from '../api/json.ts';

/** A condition of a CustomResourceDefinition without its time. */
export type DefinitionCondition = {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
};

/** Sets conditions of a definition; their time changes with their status only (spec kubernetes-api 6.10). */
export function setDefinitionConditions(crd: JsonObject, conditions: readonly DefinitionCondition[], now: string): void {
  if (!isObject(crd['status'])) crd['status'] = {};
  const found = dig(crd, 'status', 'conditions');
  const all = Array.isArray(found) ? found.filter(isObject) : [];
  for (const {type, status, reason, message} of conditions) {
    const at = all.findIndex(one => one['type'] === type);
    const before = all[at];
    const lastTransitionTime = before?.['status'] === status ? (before['lastTransitionTime'] ?? now) : now;
    const condition = {type, status, lastTransitionTime, reason, message};
    if (before) all[at] = condition;
    else all.push(condition);
  }
  (crd['status'] as JsonObject)['conditions'] = all;
}
