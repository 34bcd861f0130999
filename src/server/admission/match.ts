/** Whether a webhook, a policy or a binding means a request, and how it wants to see it (spec kubernetes-api 9.2, 9.5). */
import type {Subject} from '../../admission/admission-review.ts';
import type {RequestMatch, RequestTarget} from '../../admission/request-rules.ts';
import {matchesButVersion, ruleMatches} from '../../admission/request-rules.ts';
import {ApiError} from '../../api/errors.ts';
import {clone} from '../../api/json.ts';
import type {KubeObject} from '../../api/object.ts';
import {asJson, asObject, clusterAnnotation} from '../../api/object.ts';
import type {LabelSelector, Labels} from '../../api/selectors.ts';
import {builtInSection, keyOf} from '../../registry/keys.ts';
import {read} from '../../registry/logical-clusters.ts';
import type {Resource} from '../../registry/resource.ts';
import {peek} from '../../registry/stored.ts';
import {conform} from '../../registry/view.ts';
import {convertOne} from '../convert.ts';
import type {Asked} from './request.ts';
import {isNamespace} from './request.ts';

/** The version of the resource by which a request is meant; undefined when it is not. @throws ApiError NotFound when its namespace is missing */
export async function matched(asked: Asked, match: RequestMatch): Promise<Resource | undefined> {
  const {object, old} = asked;
  if (!labelsMatch(match.objects, object, old)) return undefined;
  if (match.excluded.length > 0 && (await meant(asked, match.excluded, match.equivalent))) return undefined;
  const resource = match.rules ? await meant(asked, match.rules, match.equivalent) : asked.x.resource;
  return resource && (await namespaceMatches(asked, match.namespaces)) ? resource : undefined;
}

async function meant({x, operation, subresource, request}: Asked, rules: NonNullable<RequestMatch['rules']>, equivalent: boolean) {
  const {resource, workspace, deps} = x;
  const {group, version, namespaced} = resource.kind;
  const target: RequestTarget = {
    operation,
    group,
    version,
    plural: resource.gr.resource,
    subresource: subresource ?? '',
    namespaced: namespaced && !isNamespace(x),
    name: request.name,
  };
  if (rules.some(rule => ruleMatches(rule, target))) return resource;
  if (!equivalent || !resource.kind.custom) return undefined;
  for (const rule of rules) {
    if (!matchesButVersion(rule, target)) continue;
    for (const other of rule.versions) {
      const found = await deps.registry.resolve(workspace, group, other, target.plural);
      if (found) return found;
    }
  }
  return undefined;
}

const labelsOf = (object: KubeObject): Labels => object.metadata.labels ?? {};
const labelsMatch = (selector: LabelSelector, ...objects: readonly (KubeObject | undefined)[]): boolean =>
  selector.empty || objects.some(object => object !== undefined && selector.matches(labelsOf(object)));

async function namespaceMatches(asked: Asked, selector: LabelSelector): Promise<boolean> {
  const {x, request, object, operation, subresource} = asked;
  if (selector.empty || request.namespace === undefined) return true;
  if (!x.resource.kind.namespaced && object && operation !== 'DELETE' && !subresource) return selector.matches(labelsOf(object));
  return selector.matches(labelsOf(await namespaceNamed(asked, request.namespace)));
}

/** A namespace of the workspace, to look at only. @throws ApiError NotFound */
export async function namespaceNamed({x}: Asked, name: string): Promise<KubeObject> {
  const namespaces = {group: '', resource: 'namespaces', section: builtInSection} as const;
  const entry = await read(x.deps.store, keyOf(namespaces, x.workspace, undefined, name));
  if (entry) return peek(entry);
  throw new ApiError('NotFound', `namespaces ${JSON.stringify(name)} not found`, {name, kind: 'namespaces'});
}

/** The objects in the version that is asked for. */
export async function subjectIn({x, object, old, subresource}: Asked, resource: Resource): Promise<Subject> {
  const shown = async (one: KubeObject | undefined): Promise<KubeObject | undefined> => {
    // A Scale is the same in every version.
    if (!one || resource === x.resource || subresource === 'scale') return one;
    if (resource.conversion) return convertOne(x, resource, one);
    const copy = asObject(clone(asJson(one)));
    conform(resource, copy);
    return copy;
  };
  return {resource, object: await shown(object), old: await shown(old)};
}

/** The same as policies see them: a new object bears no mark of its workspace yet. */
export async function policySubject(asked: Asked, resource: Resource): Promise<Subject> {
  const subject = await subjectIn(asked, resource);
  return asked.operation === 'CREATE' && subject.object ? {...subject, object: unmarked(subject.object)} : subject;
}

function unmarked(object: KubeObject): KubeObject {
  const {annotations, ...metadata} = object.metadata;
  const {[clusterAnnotation]: mark, ...others} = annotations ?? {};
  if (mark === undefined) return object;
  return {...object, metadata: Object.keys(others).length > 0 ? {...metadata, annotations: others} : metadata};
}
