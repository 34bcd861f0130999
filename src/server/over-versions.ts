import {noSuchResource} from '../api/errors.ts';
import type {JsonObject} from '../api/json.ts';
import {clone, stringify} from '../api/json.ts';
import {asJson, asObject, groupVersionOf} from '../api/object.ts';
import type {Write} from '../merge/apply/ownership.ts';
import {convertOne} from './convert.ts';
import type {InWorkspace} from './exchange.ts';

/**
 * What `find`, which must be pure, says of a write. Where a webhook converts, it is asked again with every conversion it lacked, until it lacks none; mostly
 * nobody ever wrote in another version.
 * @throws ApiError InternalError when the webhook fails
 */
export async function overVersions<T>(x: InWorkspace, write: Write, find: (write: Write) => T): Promise<T> {
  if (!x.resource.conversion) return find(write);
  const known = new Map<string, JsonObject>();
  const versions: Write['versions'] = apiVersion => {
    const version = write.versions(apiVersion);
    return version && {...version, convert: object => inVersion(known, apiVersion, object)};
  };
  for (;;) {
    try {
      return find({...write, versions});
    } catch (err) {
      if (!(err instanceof Unconverted)) throw err;
      known.set(err.key, await convertForOwners(x, err));
    }
  }
}

/** Thrown out of a pure function for what has to be waited for. */
class Unconverted extends Error {
  readonly apiVersion: string;
  readonly object: JsonObject;
  readonly key: string;

  constructor(apiVersion: string, object: JsonObject, key: string) {
    super(`not converted to ${apiVersion} yet`);
    this.apiVersion = apiVersion;
    this.object = object;
    this.key = key;
  }
}

function inVersion(known: ReadonlyMap<string, JsonObject>, apiVersion: string, object: JsonObject): JsonObject {
  if (object['apiVersion'] === apiVersion) return object;
  const key = `${apiVersion} ${stringify(object)}`;
  const found = known.get(key);
  if (!found) throw new Unconverted(apiVersion, object, key);
  return clone(found);
}

async function convertForOwners(x: InWorkspace, {apiVersion, object}: Unconverted): Promise<JsonObject> {
  const {group, version} = groupVersionOf(apiVersion);
  const to = await x.deps.registry.resolve(x.workspace, group, version, x.resource.gr.resource);
  if (!to) throw noSuchResource();
  return asJson(await convertOne(x, to, asObject(object)));
}
