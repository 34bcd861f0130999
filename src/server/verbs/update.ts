import {ApiError, notFound} from '../../api/errors.ts';
import {clone} from '../../api/json.ts';
import type {KubeObject} from '../../api/object.ts';
import {asJson, asObject} from '../../api/object.ts';
import {read} from '../../registry/logical-clusters.ts';
import type {How} from '../change.ts';
import {change} from '../change.ts';
import type {Changed} from '../changed.ts';
import type {Named} from '../exchange.ts';
import {managerOf} from '../field-owners.ts';
import type {HttpReply} from '../http.ts';
import {readObject, toObject} from '../intake.ts';
import {checkName, checkNamespace} from '../namespace-of-body.ts';
import {writeOptions} from '../options.ts';
import {replyChanged} from '../reply.ts';
import {applyScale, parseScale} from '../scale.ts';
import {mainOf, replyScale} from '../scale-reply.ts';
import {authorizeCreate, createObject} from './create.ts';
import {keyOfCall} from './get.ts';

/** Replaces an object, or its status (spec kubernetes-api 3.3). Kinds that allow it are created when they are missing. */
export async function update(x: Named): Promise<HttpReply> {
  const {resource, what} = x;
  const options = writeOptions(x.call.target.query, 'UpdateOptions');
  const manager = managerOf(x.call, options.fieldManager);
  const how: How = {dryRun: options.dryRun, by: {manager, subresource: what.subresource ?? ''}};
  const body = await readObject(x);
  if (what.subresource === 'scale')
    return updateScale(x, parseScale(x, body.value), {dryRun: options.dryRun, by: {manager, subresource: 'scale'}});

  const object = toObject(x, body, options.fieldValidation);
  checkName(x, object);
  checkNamespace(x, object);
  const made = resource.kind.strategy.createOnUpdate && what.subresource === undefined ? await createMissing(x, object, how) : undefined;
  if (made) return replyChanged(x, made, 201);
  // The object is asked for anew at every try, and each try changes what it gets.
  const changed = await change(x, () => asObject(clone(asJson(object))), how);
  return replyChanged(x, changed);
}

/** Creates the object when there is none; undefined when there is one, perhaps since a moment. */
async function createMissing(x: Named, object: KubeObject, how: How): Promise<Changed | undefined> {
  if (await read(x.deps.store, keyOfCall(x))) return undefined;
  if (object.metadata.uid) throw notFound(x.resource.gr, x.what.name);
  try {
    await authorizeCreate(x);
    return await createObject(x, asObject(clone(asJson(object))), how);
  } catch (err) {
    if (err instanceof ApiError && err.reason === 'AlreadyExists') return undefined;
    throw err;
  }
}

async function updateScale(x: Named, wanted: ReturnType<typeof parseScale>, how: How): Promise<HttpReply> {
  return replyScale(x, await change(mainOf(x), old => applyScale(x.resource, old, wanted), how));
}
