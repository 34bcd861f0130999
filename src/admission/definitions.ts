import type {WorkspaceId} from '../api/cluster.ts';
import {systemCrds} from '../api/cluster.ts';
import {forbidden} from '../api/errors.ts';
import type {JsonObject} from '../api/json.ts';
import {dig, digString, equal} from '../api/json.ts';
import {asJson, timestamp} from '../api/object.ts';
import {setDefinitionConditions} from '../kinds/crd-conditions.ts';
import {unknownFormats} from '../kinds/crd-formats.ts';
import {acceptNames, establishedCondition, namesOf} from '../kinds/crd-names.ts';
import {approvalCondition} from '../kinds/crd-validation.ts';
import {definitions as space, terms} from '../registry/keys.ts';
import {registryLimits} from '../registry/registry.ts';
import {peek} from '../registry/stored.ts';
import type {Key} from '../storage/storage.ts';
import {statusOf} from '../tenancy/conditions.ts';
import type {Rule, Surroundings, Write} from './rule.ts';

export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';
const gr = {group: space.group, resource: space.resource} as const;

/**
 * CustomResourceDefinitions: their names are judged and the resource is served with the commit that writes them, so that a client
 * can use what it has just defined (spec kubernetes-api 6.10, kcp 7.8).
 */
export const definitions: Rule = {
  name: 'CustomResourceDefinition',
  of: resource => resource.gr.group === gr.group && resource.gr.resource === gr.resource,
  async mutate(write, around) {
    const {object, verb} = write;
    const crd = asJson(object);
    if (verb === 'delete') return leave(write, around);
    if (write.subresource === 'status') return;
    refuseReserved(write);
    if (verb === 'create') write.warnings.push(...unknownFormats(crd).map(format => `unrecognized format ${JSON.stringify(format)}`));
    const renamed = verb === 'create' || !equal(dig(crd, 'spec', 'names'), dig(asJson(write.old as never), 'spec', 'names'));
    const now = timestamp(around.world.now());
    if (renamed) decideNames(crd, await rivals(crd, write.workspace, around), now);
    const approval = approvalCondition(crd);
    if (approval) setDefinitionConditions(crd, [approval], now);
  },
};

/** The groups of kcp's own APIs, and the annotations of bound ones, are nobody else's. */
function refuseReserved({object, workspace}: Write): void {
  if (workspace === systemCrds) return;
  const group = digString(asJson(object), 'spec', 'group') ?? '';
  if (group === 'apis.kcp.io' || group.endsWith('.apis.kcp.io')) throw forbidden(gr, object.metadata.name, `${group} is a reserved group`);
  for (const key of Object.keys(object.metadata.annotations ?? {})) {
    const prefix = key.split('/')[0] as string;
    if (prefix === 'apis.kcp.io' || prefix.endsWith('.apis.kcp.io'))
      throw forbidden(gr, object.metadata.name, `annotation ${key} is reserved`);
  }
}

/** The other definitions of the group that have one of the names which a definition wants. */
export async function rivals(crd: JsonObject, workspace: WorkspaceId, {store}: Surroundings): Promise<JsonObject[]> {
  const [group, own] = [digString(crd, 'spec', 'group') ?? '', digString(crd, 'metadata', 'name')];
  const {resources, kinds} = namesOf(dig(crd, 'spec', 'names'));
  const wanted = new Set([
    ...resources.map(name => terms.definitionNamed(workspace, group, 'resource', name)),
    ...kinds.map(name => terms.definitionNamed(workspace, group, 'kind', name)),
  ]);
  const found = new Map<Key, JsonObject>();
  for (const term of wanted) {
    const {entries} = await store.byTerm(term, {limit: registryLimits.definitionsOfKindMax});
    for (const entry of entries) found.set(entry.key, asJson(peek(entry)));
  }
  return [...found.values()].filter(other => digString(other, 'metadata', 'name') !== own);
}

/** Writes down which names a definition gets. With all of them it is established: what serves it reads this very object. */
export function decideNames(crd: JsonObject, others: readonly JsonObject[], now: string): void {
  const {acceptedNames, conditions} = acceptNames(crd, others);
  const status = statusOf(crd as never);
  status['acceptedNames'] = acceptedNames;
  const served = conditions.map(one => (one.type === 'Established' && one.reason === 'Installing' ? establishedCondition : one));
  setDefinitionConditions(crd, served, now);
}

/** The objects of a definition go before it. */
function leave({object}: Write, {world}: Surroundings): void {
  const {metadata} = object;
  if (metadata.deletionTimestamp !== undefined) return;
  metadata.finalizers = [...new Set([...(metadata.finalizers ?? []), cleanupFinalizer])];
  const terminating = {
    type: 'Terminating',
    status: 'True',
    reason: 'InstanceDeletionPending',
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  } as const;
  setDefinitionConditions(asJson(object), [terminating], timestamp(world.now()));
}
