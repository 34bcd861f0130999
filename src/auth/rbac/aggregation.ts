import type {Json, JsonObject} from '../../api/json.ts';
import {dig, stringify} from '../../api/json.ts';
import type {KubeObject} from '../../api/object.ts';
import {asJson} from '../../api/object.ts';
import type {LabelSelector} from '../../api/selectors.ts';
import {selectorFromObject} from '../../api/selectors.ts';

export const aggregationLimits = {
  /** Rules that a role may come to. */
  rulesMax: 5_000,
} as const;

/** Whether the rules of a ClusterRole are the sum of those of others. */
export const isAggregated = (role: KubeObject): boolean => selectorsOf(role).length > 0;

const selectorsOf = (role: KubeObject): readonly Json[] => {
  const found = dig(asJson(role), 'aggregationRule', 'clusterRoleSelectors');
  return Array.isArray(found) ? found : [];
};

/**
 * The rules of an aggregated ClusterRole: those of all other roles that one of its selectors matches, selector by selector and by name, each rule once
 * (spec kubernetes-api 8.9). `others`: every ClusterRole of the workspace, in the order of their names.
 */
export function aggregate(role: KubeObject, others: readonly KubeObject[]): readonly JsonObject[] {
  const rules = new Map<string, JsonObject>();
  for (const selector of selectorsOf(role).flatMap(readSelector))
    for (const other of others) {
      if (other.metadata.name === role.metadata.name || !selector.matches(other.metadata.labels)) continue;
      for (const rule of rulesOf(other)) {
        if (rules.size >= aggregationLimits.rulesMax) return [...rules.values()];
        const text = stringify(rule);
        if (!rules.has(text)) rules.set(text, rule);
      }
    }
  return [...rules.values()];
}

function readSelector(selector: Json): readonly LabelSelector[] {
  try {
    return [selectorFromObject(selector)];
  } catch {
    // What was stored in spite of being none selects nothing.
    return [];
  }
}

const rulesOf = (role: KubeObject): readonly JsonObject[] => {
  const found = asJson(role)['rules'];
  return Array.isArray(found) ? (found as JsonObject[]) : [];
};
