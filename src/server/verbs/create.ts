import {full} from '../../admission/object-limit.ts';
import {quotaTurn} from '../../admission/quotas.ts';
import type {Write} from '../../admission/rule.ts';
import {applyRules} from '../../admission/rule.ts';
import type {WorkspaceId} from '../../api/cluster.ts';
import {ApiError, alreadyExists, forbidden} from '../../api/errors.ts';
import type {JsonObject} from '../../api/json.ts';
import {clone} from '../../api/json.ts';
import {wipeSystemFields} from '../../api/metadata.ts';
import {generateName} from '../../api/names.ts';
import type {KubeObject} from '../../api/object.ts';
import {asJson, asObject, clusterAnnotation, timestamp} from '../../api/object.ts';
import type {World} from '../../api/world.ts';
import {isSystem, logicalClusterKey, read} from '../../registry/logical-clusters.ts';
import {keyOfObject} from '../../registry/ops.ts';
import type {Resource} from '../../registry/resource.ts';
import {peek} from '../../registry/stored.ts';
import {conform} from '../../registry/view.ts';
import type {Entry, Op} from '../../storage/storage.ts';
import {mutatingAdmission} from '../admission/mutating.ts';
import type {AdmissionOf} from '../admission/request.ts';
import {validatingAdmission} from '../admission/validating.ts';
import type {How} from '../change.ts';
import type {Changed} from '../changed.ts';
import {written} from '../changed.ts';
import {commit, counted, isCommitted, storeOp} from '../commit.ts';
import {storedForm} from '../convert.ts';
import type {InWorkspace} from '../exchange.ts';
import {managerOf, trackFields} from '../field-owners.ts';
import {patience} from '../heavy.ts';
import type {HttpReply} from '../http.ts';
import {inTurn} from '../in-turn.ts';
import {readObject, toObject} from '../intake.ts';
import {judgeNew} from '../judge.ts';
import {checkNamespace} from '../namespace-of-body.ts';
import {writeOptions} from '../options.ts';
import {renew} from '../renew.ts';
import {replyChanged} from '../reply.ts';

/** How many names are tried for a generateName before it is given up (spec kubernetes-api 2.1). */
const generatedNamesMax = 8;

/** A new object (spec kubernetes-api 3.1). */
export async function create(x: InWorkspace): Promise<HttpReply> {
  const options = writeOptions(x.call.target.query, 'CreateOptions');
  const object = toObject(x, await readObject(x), options.fieldValidation);
  checkNamespace(x, object);
  const by = {manager: managerOf(x.call, options.fieldManager), subresource: ''};
  const made = await createObject(x, object, {dryRun: options.dryRun, by});
  return replyChanged(x, made, 201);
}

/** What creates by another verb needs both (spec kubernetes-api 3.3). @throws ApiError Forbidden */
export async function authorizeCreate({deps, allowed: {user, attributes}}: InWorkspace): Promise<void> {
  await deps.authorizer.authorize(user, {...attributes, verb: 'create'});
}

/**
 * Completes, judges and stores a new object. The answer of a dry run is the object that would have been stored.
 * @throws ApiError AlreadyExists, Invalid, Forbidden, and what rules refuse with
 */
export async function createObject(begun: InWorkspace, draft: KubeObject, {dryRun, by}: How): Promise<Changed> {
  if (draft.metadata.resourceVersion) throw unversioned();
  const {deps, workspace} = begun;
  const generated = !draft.metadata.name && draft.metadata.generateName;
  stamp(begun.resource, draft, workspace, deps.world);

  let x = begun;
  let names = 0;
  let told = false;
  return inTurn(deps.store, quotaTurn(deps.store, workspace, draft.metadata.namespace), async () => {
    const {resource} = x;
    refuseTerminating(x, draft);
    // Rules complete the object; each try starts from what the client sent.
    const object = asObject(clone(asJson(draft)));
    if (resource !== begun.resource) conform(resource, object);
    const write: Write = {
      verb: 'create',
      resource,
      subresource: undefined,
      workspace,
      user: x.allowed.user,
      object,
      old: undefined,
      also: [],
      warnings: x.warnings,
    };
    // What the server adds from here on is nobody's.
    if (!by.applied) await trackFields(x, by, object, undefined);
    const admission: AdmissionOf = {operation: 'CREATE', subresource: undefined, object, old: undefined, dryRun};
    if (await mutatingAdmission(x, admission)) stampAgain(resource, object, workspace);
    if (generated) object.metadata.name = generateName(generated, deps.world.random);
    resource.kind.strategy.prepareCreate?.(asJson(object));
    await applyRules(deps, 'mutate', write);
    judgeNew(resource, object, told ? [] : x.warnings, patience(deps));
    told = true;
    await applyRules(deps, 'settle', write);
    await validatingAdmission(x, admission);
    const key = keyOfObject(resource, workspace, object);
    // Of a real write the commit itself finds out whether the name is taken.
    if (!dryRun) {
      const form = await storedForm(x, object);
      const outcome = await commit(deps, storeOp(key, form.object, 'absent', by), [...write.also, ...(await guards(x))]);
      if (isCommitted(outcome)) return written(form, outcome);
      if (outcome.counted !== undefined) throw full(write, outcome.counted);
      if (!outcome.own) {
        x = await renew(x);
        return undefined;
      }
    }
    const existing = await read(deps.store, key);
    if (!existing && dryRun) {
      const found = await counted(deps, write.also);
      if (found !== undefined) throw full(write, found);
      return {object};
    }
    if (!generated) throw alreadyExists(resource.gr, object.metadata.name, isDeleting(existing));
    if (++names >= generatedNamesMax) throw namesExhausted(resource, object.metadata.name);
    return undefined;
  });
}

function refuseTerminating({resource}: InWorkspace, {metadata}: KubeObject): void {
  if (resource.terminating)
    throw forbidden(resource.gr, metadata.name, 'create not allowed while custom resource definition is terminating');
}

/** The system's fields of a new object; whatever the client wrote there is gone. */
function stamp({kind, schema}: Resource, object: KubeObject, workspace: WorkspaceId, world: World): void {
  const {metadata} = object;
  wipeSystemFields(metadata as unknown as JsonObject);
  metadata.uid = world.uid();
  metadata.creationTimestamp = timestamp(world.now());
  if (kind.strategy.generation) metadata.generation = 1;
  stampAgain({kind, schema}, object, workspace);
}

/** Those that webhooks can have written since. */
function stampAgain({kind, schema}: Pick<Resource, 'kind' | 'schema'>, object: KubeObject, workspace: WorkspaceId): void {
  const {metadata} = object;
  metadata.annotations = {...metadata.annotations, [clusterAnnotation]: workspace};
  // Status is the business of those who write /status.
  if (kind.subresources.status) {
    delete object['status'];
    schema.applyDefaults(asJson(object));
  }
}

/** What must not change while the object is stored: that its workspace is there, and that its definition is the one it was judged by. */
async function guards({deps, resource, workspace}: InWorkspace): Promise<Op[]> {
  const ops: Op[] = [];
  const logicalCluster = await read(deps.store, logicalClusterKey(workspace));
  if (logicalCluster) ops.push({check: logicalCluster.key, expect: logicalCluster.revision});
  else if (!isSystem(workspace)) throw forbidden({group: '', resource: ''}, '', 'the workspace is gone');
  if (resource.definition) ops.push({check: resource.definition.key, expect: resource.definition.revision});
  return ops;
}

const isDeleting = (entry: Entry | undefined): boolean => entry !== undefined && peek(entry).metadata.deletionTimestamp !== undefined;

const unversioned = (): ApiError => new ApiError('', 'resourceVersion should not be set on objects to be created');

function namesExhausted({gr}: Resource, name: string): ApiError {
  const plain = alreadyExists(gr, name, false);
  return new ApiError('AlreadyExists', `${plain.message}, the server was not able to generate a unique name for the object`, {
    ...plain.details,
    retryAfterSeconds: 1,
  });
}
