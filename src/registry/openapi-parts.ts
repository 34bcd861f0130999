import type {Json, JsonObject} from '../api/json.ts';
import {getKey, isObject, setKey} from '../api/json.ts';
import type {Kind} from '../kinds/kind.ts';
import {definitionName, metaDefinition} from './openapi-names.ts';

/**
 * What the parts of Kubernetes' kinds are called, which people see in `kubectl explain` (`rules <[]PolicyRule>`): by the end of the path that leads to
 * them, the longest one that fits. A list's items are `[]`. `core/` and `meta/` are the packages of types that many groups share; the others are of the
 * kind's own group. Where nothing fits, a part is told in place.
 */
const names: {readonly [end: string]: string} = {
  aggregationRule: 'AggregationRule',
  applyConfiguration: 'ApplyConfiguration',
  'auditAnnotations[]': 'AuditAnnotation',
  clientConfig: 'WebhookClientConfig',
  'clusterRoleSelectors[]': 'meta/LabelSelector',
  'CertificateSigningRequest.status.conditions[]': 'CertificateSigningRequestCondition',
  'CustomResourceDefinition.status.conditions[]': 'CustomResourceDefinitionCondition',
  'Namespace.status.conditions[]': 'NamespaceCondition',
  'ValidatingAdmissionPolicy.status.conditions[]': 'meta/Condition',
  'additionalPrinterColumns[]': 'CustomResourceColumnDefinition',
  conversion: 'CustomResourceConversion',
  'spec.names': 'CustomResourceDefinitionNames',
  'status.acceptedNames': 'CustomResourceDefinitionNames',
  'versions[]': 'CustomResourceDefinitionVersion',
  'versions[].schema': 'CustomResourceValidation',
  'versions[].selectableFields[]': 'SelectableField',
  'versions[].subresources': 'CustomResourceSubresources',
  'versions[].subresources.scale': 'CustomResourceSubresourceScale',
  'conversion.webhook': 'WebhookConversion',
  deprecatedSource: 'core/EventSource',
  'Event.source': 'core/EventSource',
  'Event.series': 'EventSeries',
  'excludeResourceRules[]': 'NamedRuleWithOperations',
  'expressionWarnings[]': 'ExpressionWarning',
  fieldSelector: 'FieldSelectorAttributes',
  'fieldSelector.requirements[]': 'meta/FieldSelectorRequirement',
  'imagePullSecrets[]': 'core/LocalObjectReference',
  involvedObject: 'core/ObjectReference',
  jsonPatch: 'JSONPatch',
  labelSelector: 'LabelSelectorAttributes',
  'labelSelector.requirements[]': 'meta/LabelSelectorRequirement',
  'matchConditions[]': 'MatchCondition',
  matchConstraints: 'MatchResources',
  'matchExpressions[]': 'meta/LabelSelectorRequirement',
  matchResources: 'MatchResources',
  'mutations[]': 'Mutation',
  'MutatingWebhookConfiguration.webhooks[]': 'MutatingWebhook',
  'ValidatingWebhookConfiguration.webhooks[]': 'ValidatingWebhook',
  namespaceSelector: 'meta/LabelSelector',
  nonResourceAttributes: 'NonResourceAttributes',
  'nonResourceRules[]': 'NonResourceRule',
  objectSelector: 'meta/LabelSelector',
  paramKind: 'ParamKind',
  paramRef: 'ParamRef',
  'paramRef.selector': 'meta/LabelSelector',
  regarding: 'core/ObjectReference',
  related: 'core/ObjectReference',
  resourceAttributes: 'ResourceAttributes',
  'matchConstraints.resourceRules[]': 'NamedRuleWithOperations',
  'matchResources.resourceRules[]': 'NamedRuleWithOperations',
  'status.resourceRules[]': 'ResourceRule',
  roleRef: 'RoleRef',
  'ClusterRole.rules[]': 'PolicyRule',
  'Role.rules[]': 'PolicyRule',
  'webhooks[].rules[]': 'RuleWithOperations',
  scopeSelector: 'ScopeSelector',
  'scopeSelector.matchExpressions[]': 'ScopedResourceSelectorRequirement',
  'secrets[]': 'core/ObjectReference',
  'clientConfig.service': 'ServiceReference',
  'subjects[]': 'Subject',
  typeChecking: 'TypeChecking',
  'status.user': 'UserInfo',
  'status.userInfo': 'UserInfo',
  'validations[]': 'Validation',
  'variables[]': 'Variable',
  'LocalSubjectAccessReview.spec': 'SubjectAccessReviewSpec',
  'LocalSubjectAccessReview.status': 'SubjectAccessReviewStatus',
  'SelfSubjectAccessReview.status': 'SubjectAccessReviewStatus',
  'SelfSubjectRulesReview.status': 'SubjectRulesReviewStatus',
};

/**
 * The published schema of a built-in kind with its parts as definitions of their own, which come first.
 */
export function withParts(kind: Kind, schema: JsonObject): readonly [string, JsonObject][] {
  const parts = new Map<string, JsonObject>();
  const whole = fieldsOf(schema, kind.names.kind, {kind, parts});
  return [...parts, [definitionName(kind, kind.names.kind), whole]];
}

type Finding = {readonly kind: Kind; readonly parts: Map<string, JsonObject>};

function fieldsOf(schema: JsonObject, path: string, finding: Finding): JsonObject {
  const {properties} = schema;
  if (!isObject(properties)) return schema;
  const changed: JsonObject = {};
  for (const [name, property] of Object.entries(properties)) setKey(changed, name, placed(property, `${path}.${name}`, finding));
  return {...schema, properties: changed};
}

/** What stands in a place: a reference where the part has a name. People read what is told in both places, so that each tells only its own. */
function placed(schema: Json, path: string, finding: Finding): Json {
  if (!isObject(schema)) return schema;
  const items = getKey(schema, 'items');
  if (items !== undefined) return {...schema, items: placed(items, `${path}[]`, finding)};
  if (getKey(schema, 'properties') === undefined) return schema;
  const definition = definitionAt(path, finding.kind);
  const part = fieldsOf(schema, path, finding);
  if (definition === undefined) return part;
  const {description, ...undescribed} = part;
  const isItem = path.endsWith('[]');
  if (!finding.parts.has(definition)) finding.parts.set(definition, isItem ? part : undescribed);
  return {...(!isItem && description !== undefined && {description}), allOf: [{$ref: `#/components/schemas/${definition}`}]};
}

function definitionAt(path: string, kind: Kind): string | undefined {
  const root = kind.names.kind;
  for (let end = path; ; ) {
    const name = Object.hasOwn(names, end) ? names[end] : undefined;
    if (name?.startsWith('meta/')) return metaDefinition(name.slice('meta/'.length));
    if (name?.startsWith('core/')) return `io.k8s.api.core.v1.${name.slice('core/'.length)}`;
    if (name !== undefined) return definitionName(kind, name);
    const dot = end.indexOf('.');
    if (dot < 0) break;
    end = end.slice(dot + 1);
  }
  if (path === `${root}.spec`) return definitionName(kind, `${root}Spec`);
  return path === `${root}.status` ? definitionName(kind, `${root}Status`) : undefined;
}
