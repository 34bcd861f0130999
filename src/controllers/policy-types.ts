import type {Policy} from '../admission/policies.ts';
import {readPolicy} from '../admission/policies.ts';
import type {Surroundings} from '../admission/rule.ts';
import type {CheckedKind} from '../admission/type-checking.ts';
import {objectTypeOf, typeCheckingLimits, typeWarnings} from '../admission/type-checking.ts';
import type {WorkspaceId} from '../api/cluster.ts';
import {dig} from '../api/json.ts';
import {asJson} from '../api/object.ts';
import {builtInSection, parseKey, rangeOf} from '../registry/keys.ts';
import {putOp} from '../registry/ops.ts';
import {decodeStored, peek} from '../registry/stored.ts';
import type {Entry, Key} from '../storage/storage.ts';
import {Unexpected} from '../storage/storage.ts';
import {statusOf} from '../tenancy/conditions.ts';
import type {Controller} from './controller.ts';
import {none} from './controller.ts';

const prefix = rangeOf({group: 'admissionregistration.k8s.io', resource: 'validatingadmissionpolicies', section: builtInSection});

/** Notes in the status of a validating policy what is doubtful about the types in its expressions; once for each generation (spec kubernetes-api 9.5). */
export const policyTypes: Controller = {
  name: 'policy-types',
  wakes: ({key, type}) => (type !== 'delete' && key.startsWith(prefix) ? [key] : none),
  async reconcile(ref, around) {
    const {store, world} = around;
    const entry = await store.get(ref as Key);
    if (!entry || isUpToDate(entry)) return undefined;
    const {workspace} = parseKey(entry.key);
    const policy = readPolicy(peek(entry));
    const warnings = await typeWarnings(
      policy,
      await kindsOf(policy, workspace, around),
      await paramsOf(policy, workspace, around),
      world.turn,
    );
    const object = decodeStored(entry);
    const status = statusOf(object);
    status['observedGeneration'] = object.metadata.generation ?? 1;
    status['typeChecking'] = warnings.length > 0 ? {expressionWarnings: warnings} : {};
    try {
      await store.commit([putOp(entry.key, object, entry.revision)]);
    } catch (err) {
      // Who was quicker has made an event of their own.
      if (!(err instanceof Unexpected)) throw err;
    }
    return undefined;
  },
};

function isUpToDate(entry: Entry): boolean {
  const object = peek(entry);
  return dig(asJson(object), 'status', 'observedGeneration') === object.metadata.generation;
}

async function paramsOf({paramKind}: Policy, workspace: WorkspaceId, {registry}: Surroundings) {
  const resource = paramKind && (await registry.ofKind(workspace, paramKind.group, paramKind.version, paramKind.kind));
  return resource && objectTypeOf(resource.kind);
}

/** the kinds whose objects the rules of a policy name without wildcards. */
async function kindsOf({match}: Policy, workspace: WorkspaceId, {registry}: Surroundings): Promise<readonly CheckedKind[]> {
  const found = new Map<string, CheckedKind>();
  for (const rule of match.rules ?? []) {
    const [groups, versions, plurals] = [plain(rule.groups), plain(rule.versions), rule.resources.filter(name => !/[*/]/.test(name))];
    for (const group of groups)
      for (const version of versions)
        for (const plural of plurals) {
          if (found.size === typeCheckingLimits.kindsMax) return sorted(found);
          const resource = await registry.resolve(workspace, group, version, plural);
          if (!resource) continue;
          const kind = resource.kind.names.kind;
          found.set(`${group}/${version}/${kind}`, {group, version, kind, type: objectTypeOf(resource.kind)});
        }
  }
  return sorted(found);
}

/** None where there is a wildcard. */
const plain = (names: readonly string[]): readonly string[] => (names.some(name => name.includes('*')) ? [] : names);
const sorted = (kinds: ReadonlyMap<string, CheckedKind>): readonly CheckedKind[] =>
  [...kinds].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, kind]) => kind);
