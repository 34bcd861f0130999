import {notFound} from '../../api/errors.ts';
import {clone} from '../../api/json.ts';
import {asJson, asObject} from '../../api/object.ts';
import {read} from '../../registry/logical-clusters.ts';
import {view} from '../../registry/view.ts';
import {change} from '../change.ts';
import type {Named} from '../exchange.ts';
import type {HttpReply} from '../http.ts';
import {readBody, toObject} from '../intake.ts';
import {checkName, checkNamespace} from '../namespace-of-body.ts';
import {writeOptions} from '../options.ts';
import {replyChanged, replyJson} from '../reply.ts';
import {applyScale, parseScale, scaleOf} from '../scale.ts';
import {createObject} from './create.ts';
import {keyOfCall} from './get.ts';

/** Replaces an object, or its status (spec kubernetes-api 3.3). Kinds that allow it are created when they are missing. */
export async function update(x: Named): Promise<HttpReply> {
  const {resource, what} = x;
  const options = writeOptions(x.call.target.query, 'UpdateOptions');
  const body = await readBody(x);
  if (what.subresource === 'scale') return updateScale(x, parseScale(body.value), options.dryRun);

  const object = toObject(x, body, options.fieldValidation);
  checkName(x, object);
  checkNamespace(x, object);
  if (resource.kind.strategy.createOnUpdate && what.subresource === undefined) {
    const existing = await read(x.deps.store, keyOfCall(x));
    if (!existing) {
      if (object.metadata.uid) throw notFound(resource.gr, what.name);
      const made = await createObject(x, object, options.dryRun);
      return replyChanged(x, made, 201);
    }
  }
  // The object is asked for anew at every try, and each try changes what it gets.
  const changed = await change(x, () => asObject(clone(asJson(object))), options.dryRun);
  return replyChanged(x, changed);
}

async function updateScale(x: Named, wanted: ReturnType<typeof parseScale>, dryRun: boolean): Promise<HttpReply> {
  const main: Named = {...x, what: {...x.what, subresource: undefined}};
  const changed = await change(main, old => applyScale(x.resource, old, wanted), dryRun);
  return replyJson(x, scaleOf(x.resource, 'entry' in changed ? view(x.resource, changed.entry) : changed.object));
}
