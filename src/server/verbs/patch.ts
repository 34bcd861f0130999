import {badRequest, invalid} from '../../api/errors.ts';
import {invalidValue} from '../../api/field-error.ts';
import {jsonType} from '../../api/go-type.ts';
import type {Json} from '../../api/json.ts';
import {isObject} from '../../api/json.ts';
import type {KubeObject} from '../../api/object.ts';
import {asJson} from '../../api/object.ts';
import {jsonPatch} from '../../merge/json-patch.ts';
import {mergeSchemaOf} from '../../merge/known-kinds.ts';
import {mergePatch} from '../../merge/merge-patch.ts';
import {strategicPatch} from '../../merge/strategic.ts';
import {decodeJson} from '../../wire/json.ts';
import {patchType} from '../../wire/negotiate.ts';
import type {How} from '../change.ts';
import {change} from '../change.ts';
import type {Named} from '../exchange.ts';
import {managerOf} from '../field-owners.ts';
import {checkWeight} from '../heavy.ts';
import type {HttpReply} from '../http.ts';
import {header} from '../http.ts';
import {renamedJsonError, sentBody, toObject} from '../intake.ts';
import {checkName, checkNamespace} from '../namespace-of-body.ts';
import {writeOptions} from '../options.ts';
import {replyChanged} from '../reply.ts';
import {applyScale, parseScale, scaleToChange} from '../scale.ts';
import {mainOf, replyScale} from '../scale-reply.ts';
import {apply} from './apply.ts';

/** Changes an object by a patch (spec kubernetes-api 3.5). It is applied anew whenever the object changed meanwhile. */
export async function patch(x: Named): Promise<HttpReply> {
  const {kind} = x.resource;
  const merging = kind.custom ? mergeSchemaOf(x.resource.apiVersion, kind.names.kind) : kind.schema;
  const type = patchType(header(x.call.request.headers, 'content-type'), merging !== undefined);
  if (type === 'application/apply-patch+yaml') return apply(x);
  const options = writeOptions(x.call.target.query, 'PatchOptions');
  const manager = managerOf(x.call, options.fieldManager);
  const bytes = await sentBody(x);
  checkWeight(x.deps, bytes);
  const {value, duplicates} = decodePatch(bytes);
  const patched = (target: Json): Json => {
    if (type === 'application/json-patch+json') return jsonPatch(target, value);
    if (!isObject(value))
      throw badRequest(`error decoding patch: json: cannot unmarshal ${jsonType(value)} into Go value of type map[string]interface {}`);
    return type === 'application/merge-patch+json' ? mergePatch(target, value) : strategicPatch(target as never, value, merging ?? {});
  };
  if (x.what.subresource === 'scale') return patchScale(x, patched, {dryRun: options.dryRun, by: {manager, subresource: 'scale'}});

  const make = (old: KubeObject): KubeObject => {
    const object = toObject(x, {value: patched(asJson(old)), duplicates, lenient: false}, options.fieldValidation);
    checkName(x, object);
    checkNamespace(x, object);
    checkUid(x, object, old);
    return object;
  };
  return replyChanged(x, await change(x, make, {dryRun: options.dryRun, by: {manager, subresource: x.what.subresource ?? ''}}));
}

function decodePatch(bytes: Uint8Array): ReturnType<typeof decodeJson> {
  try {
    return decodeJson(bytes);
  } catch (err) {
    throw renamedJsonError(err, 'error decoding patch: ');
  }
}

/** Of a whole object the uid is a precondition; a patch changes it, which cannot be. */
function checkUid({resource, what}: Named, {metadata}: KubeObject, old: KubeObject): void {
  const {uid} = metadata;
  if (!uid || uid === old.metadata.uid) return;
  const {group, names} = resource.kind;
  throw invalid(group, names.kind, what.name, [invalidValue('metadata.uid', uid, 'field is immutable')]);
}

async function patchScale(x: Named, patched: (target: Json) => Json, how: How): Promise<HttpReply> {
  const make = (old: KubeObject): KubeObject => applyScale(x.resource, old, parseScale(x, patched(scaleToChange(x.resource, old))));
  return replyScale(x, await change(mainOf(x), make, how));
}
