import {ApiError, badRequest} from '../../api/errors.ts';
import type {Json} from '../../api/json.ts';
import {clone, getKey, isObject} from '../../api/json.ts';
import type {KubeObject} from '../../api/object.ts';
import {asJson, asObject} from '../../api/object.ts';
import {applyConfiguration} from '../../merge/apply/apply-configuration.ts';
import {read} from '../../registry/logical-clusters.ts';
import {decodeYaml} from '../../wire/yaml.ts';
import {change} from '../change.ts';
import type {Changed} from '../changed.ts';
import {commitLimits, tooManyTries} from '../commit.ts';
import type {Named} from '../exchange.ts';
import type {Writer} from '../field-owners.ts';
import {ownershipWrite, setOwners} from '../field-owners.ts';
import {checkWeight} from '../heavy.ts';
import type {HttpReply} from '../http.ts';
import {sentBody, toObject, yamlForm} from '../intake.ts';
import {checkName, checkNamespace} from '../namespace-of-body.ts';
import {applyOptions} from '../options.ts';
import {overVersions} from '../over-versions.ts';
import {replyChanged} from '../reply.ts';
import {applyToScale} from '../scale-owners.ts';
import {mainOf, replyScale} from '../scale-reply.ts';
import {authorizeCreate, createObject} from './create.ts';
import {keyOfCall} from './get.ts';

/** Server-side apply (spec kubernetes-api 3.5.6, 5): an object becomes what its manager says of it, and is created when it is missing. */
export async function apply(x: Named): Promise<HttpReply> {
  const {what} = x;
  const options = applyOptions(x.call.target.query);
  const {value, duplicates} = await readConfiguration(x);
  const by: Writer = {manager: options.fieldManager, subresource: what.subresource ?? '', applied: true};
  const scaled = (old: KubeObject): Promise<KubeObject> => applyToScale(x, by, old, asJson(configuration(x, value)), options.force);
  const merge = async (old: KubeObject | undefined): Promise<KubeObject> => {
    const write = await ownershipWrite(x, by, old);
    const config = asJson(configuration(x, value));
    const applied = await overVersions(x, write, each => applyConfiguration(each, config, options.force));
    const object = toObject(x, {value: applied.object, duplicates, lenient: false}, options.fieldValidation);
    checkName(x, object);
    checkNamespace(x, object);
    setOwners(object, applied.managedFields);
    return object;
  };
  if (what.subresource === 'scale') return replyScale(x, await change(mainOf(x), scaled, {dryRun: options.dryRun, by}));
  for (let tries = 0; tries < commitLimits.triesMax; tries++) {
    const exists = what.subresource !== undefined || (await read(x.deps.store, keyOfCall(x)));
    try {
      if (exists) return replyChanged(x, await change(x, merge, {dryRun: options.dryRun, by}));
      return replyChanged(x, await createApplied(x, await merge(undefined), {dryRun: options.dryRun, by}), 201);
    } catch (err) {
      // It came or went in this moment.
      const reason = err instanceof ApiError && what.subresource === undefined ? err.reason : undefined;
      if (reason !== (exists ? 'NotFound' : 'AlreadyExists')) throw err;
    }
  }
  throw tooManyTries();
}

async function createApplied(x: Named, object: KubeObject, how: {dryRun: boolean; by: Writer}): Promise<Changed> {
  if (object.metadata.uid)
    throw new ApiError(
      'Conflict',
      `uid mismatch: the provided object specified uid ${object.metadata.uid}, and no existing object was found`,
    );
  delete object.metadata.resourceVersion;
  await authorizeCreate(x);
  return createObject(x, object, how);
}

async function readConfiguration(x: Named): Promise<{value: Json; duplicates: readonly string[]}> {
  try {
    const bytes = await sentBody(x);
    checkWeight(x.deps, bytes, yamlForm(bytes));
    return decodeYaml(bytes);
  } catch (err) {
    if (err instanceof ApiError && err.reason === 'BadRequest') throw badRequest(`error decoding YAML: ${err.message}`);
    throw err;
  }
}

/** What was sent, as a configuration of the very object that the request names. Nothing in it is shared. */
function configuration(x: Named, value: Json): KubeObject {
  if (!isObject(value)) throw badRequest('error decoding YAML: a configuration must be an object');
  const config = clone(value);
  const metadata = getKey(config, 'metadata');
  if (metadata !== undefined && metadata !== null && !isObject(metadata))
    throw badRequest('error decoding YAML: metadata must be an object');
  config['metadata'] = metadata ?? {};
  const object = asObject(config);
  checkName(x, object);
  checkNamespace(x, object);
  return object;
}
