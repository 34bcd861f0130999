import type {Propagation} from '../admission/deletion.ts';
import {badRequest, conflict, invalid} from '../api/errors.ts';
import type {FieldError} from '../api/field-error.ts';
import {invalidValue, notSupported} from '../api/field-error.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {dig, digString, isObject} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import type {InWorkspace} from './exchange.ts';
import type {Body} from './intake.ts';
import {readBody, renamedJsonError} from './intake.ts';
import {dryRunErrors} from './options.ts';
import {integer, optionalFlag} from './target.ts';

export type DeleteOptions = {
  readonly dryRun: boolean;
  readonly preconditions: {readonly uid?: string; readonly resourceVersion?: string};
  /** What was asked for, in whichever of the two ways. */
  readonly propagation: Propagation | undefined;
  readonly orphanDependents: boolean | undefined;
};

const policies = ['Foreground', 'Background', 'Orphan'] as const;

/**
 * The options of a delete: those of the body, or the query's when there is no body (spec kubernetes-api 3.6).
 * @throws ApiError BadRequest, Invalid (of DeleteOptions)
 */
export async function deleteOptions(x: Pick<InWorkspace, 'call' | 'deps'>): Promise<DeleteOptions> {
  const body = await readOptions(x);
  const given = body.value === null ? fromQuery(x.call.target.query) : fromBody(body.value);
  const errors: FieldError[] = dryRunErrors(x.call.target.query);
  const dryRun = dig(given, 'dryRun');
  if (Array.isArray(dryRun) && dryRun.some(value => value !== 'All')) errors.push(notSupported('dryRun', dryRun, ['All']));
  const policy = digString(given, 'propagationPolicy');
  if (policy !== undefined && !isPolicy(policy))
    errors.push(notSupported('propagationPolicy', policy, ['Foreground', 'Background', 'Orphan', 'nil']));
  const orphan = dig(given, 'orphanDependents');
  if (policy !== undefined && typeof orphan === 'boolean') {
    errors.push(invalidValue('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'));
  }
  if (errors.length > 0) throw invalid('meta.k8s.io', 'DeleteOptions', '', errors);
  const uid = digString(given, 'preconditions', 'uid');
  const resourceVersion = digString(given, 'preconditions', 'resourceVersion');
  return {
    dryRun: (Array.isArray(dryRun) && dryRun.length > 0) || x.call.target.query.has('dryRun'),
    preconditions: {...(uid && {uid}), ...(resourceVersion && {resourceVersion})},
    propagation: typeof orphan === 'boolean' ? (orphan ? 'Orphan' : 'Background') : (policy as Propagation | undefined),
    orphanDependents: typeof orphan === 'boolean' ? orphan : undefined,
  };
}

async function readOptions(x: Pick<InWorkspace, 'call' | 'deps'>): Promise<Body> {
  try {
    return await readBody(x);
  } catch (err) {
    throw renamedJsonError(err, "couldn't get version/kind; json parse error: ");
  }
}

function fromBody(body: Json): JsonObject {
  if (!isObject(body)) throw badRequest('the body of a delete must be DeleteOptions');
  const kind = digString(body, 'kind');
  // Clients label it with any group and version.
  if (kind !== undefined && kind !== '' && kind !== 'DeleteOptions')
    throw badRequest(`the body of a delete must be DeleteOptions, not ${JSON.stringify(kind.slice(0, 100))}`);
  return body;
}

function fromQuery(query: URLSearchParams): JsonObject {
  // Nothing here takes time to end; what is no number is refused all the same.
  integer(query, 'gracePeriodSeconds');
  const orphanDependents = optionalFlag(query, 'orphanDependents');
  const propagationPolicy = query.get('propagationPolicy');
  const uid = query.get('uid');
  const resourceVersion = query.get('resourceVersion');
  return {
    ...(orphanDependents !== undefined && {orphanDependents}),
    ...(propagationPolicy && {propagationPolicy}),
    preconditions: {...(uid && {uid}), ...(resourceVersion && {resourceVersion})},
  };
}

const isPolicy = (text: string): boolean => (policies as readonly string[]).includes(text);

/** @throws ApiError Conflict when another object than the one meant lies under the name */
export function checkPreconditions(
  {resource, what}: Pick<InWorkspace, 'resource' | 'what'>,
  {metadata}: KubeObject,
  {preconditions}: DeleteOptions,
): void {
  const {uid, resourceVersion} = preconditions;
  // Kubernetes names the kind here and not the resource.
  const gr = {group: resource.gr.group, resource: resource.kind.names.kind};
  if (uid && uid !== metadata.uid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`;
    throw conflict(gr, what.name ?? metadata.name, why);
  }
  if (resourceVersion && resourceVersion !== metadata.resourceVersion) {
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`;
    throw conflict(gr, what.name ?? metadata.name, why);
  }
}
