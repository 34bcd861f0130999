import {limitTo} from '../admission/object-limit.ts';
import {dig} from '../api/json.ts';
import {asJson, timestamp} from '../api/object.ts';
import {builtInSection, keyOf, parseKey, rangeOf} from '../registry/keys.ts';
import {isSystem, logicalClusterKey} from '../registry/logical-clusters.ts';
import {createOp, putOp} from '../registry/ops.ts';
import {decodeStored, peek} from '../registry/stored.ts';
import type {Op} from '../storage/storage.ts';
import {Unexpected} from '../storage/storage.ts';
import {defaultAccountName, defaultAccountOf, rootCaName, rootCaOf} from '../tenancy/contents.ts';
import type {Controller} from './controller.ts';
import {none} from './controller.ts';

const configMaps = {group: '', resource: 'configmaps', section: builtInSection} as const;
const accounts = {group: '', resource: 'serviceaccounts', section: builtInSection} as const;
const namespaces = {group: '', resource: 'namespaces', section: builtInSection} as const;
const accountPrefix = rangeOf(accounts);
const configMapPrefix = rangeOf(configMaps);

/** How often it is seen whether a workspace that was full has room again. */
const fullAgainMs = 30_000;

/** Puts back what every namespace has to have when somebody takes it away or changes it (spec kubernetes-api 8.2). */
export const namespaceContents: Controller = {
  name: 'namespace-contents',
  wakes(event) {
    const {key, type} = event;
    const ours =
      (type === 'delete' && key.startsWith(accountPrefix) && key.endsWith(`/${defaultAccountName}`)) ||
      (type !== 'create' && key.startsWith(configMapPrefix) && key.endsWith(`/${rootCaName}`));
    if (!ours) return none;
    const {workspace, path} = parseKey(key);
    return [keyOf(namespaces, workspace, undefined, path[0] as string)];
  },
  async reconcile(ref, around) {
    const {store, registry, settings, world} = around;
    const namespace = await store.get(ref as never);
    if (!namespace || peek(namespace).metadata.deletionTimestamp !== undefined) return undefined;
    const {workspace, path} = parseKey(namespace.key);
    // What a workspace on its way out has lost is not put back: it would be taken away again, without end.
    const logicalCluster = await store.get(logicalClusterKey(workspace));
    if (logicalCluster ? peek(logicalCluster).metadata.deletionTimestamp !== undefined : !isSystem(workspace)) return undefined;
    const name = path[0] as string;
    const maker = {cluster: workspace, now: timestamp(world.now()), uid: world.uid};
    const ops: Op[] = [];
    const rootCa = await store.get(keyOf(configMaps, workspace, name, rootCaName));
    if (!rootCa) ops.push(createOp(registry.fixed('', 'v1', 'configmaps'), workspace, rootCaOf(maker, name, settings.rootCa).object));
    else if (dig(asJson(peek(rootCa)), 'data', 'ca.crt') !== settings.rootCa) {
      const object = decodeStored(rootCa);
      asJson(object)['data'] = {'ca.crt': settings.rootCa};
      ops.push(putOp(rootCa.key, object, rootCa.revision));
    }
    if (!(await store.get(keyOf(accounts, workspace, name, defaultAccountName)))) {
      ops.push(createOp(registry.fixed('', 'v1', 'serviceaccounts'), workspace, defaultAccountOf(maker, name).object));
    }
    const checks = [namespace, logicalCluster].flatMap(entry => (entry ? [{check: entry.key, expect: entry.revision}] : []));
    const added = ops.filter(op => 'put' in op && op.expect === 'absent').length;
    const limits = added > 0 ? await limitTo(workspace, added, around) : [];
    if (ops.length === 0) return undefined;
    try {
      await store.commit([...(ops as [Op, ...Op[]]), ...checks, ...limits]);
      return undefined;
    } catch (err) {
      // For want of room in the workspace it is not put back before there is some.
      if (limits.length > 0 && err instanceof Unexpected && err.op >= ops.length + checks.length) return {againMs: fullAgainMs};
      throw err;
    }
  },
};
