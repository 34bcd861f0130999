import {metaMessages} from './messages-meta.ts';
import {scopeOf} from './tables.ts';

/** admissionregistration.k8s.io/v1, and v1beta1 for mutating policies (spec kubernetes-api 12.10). */
export const admissionMessages = scopeOf(
  `
  MutatingWebhookConfiguration{1 metadata:ObjectMeta!; 2 webhooks:MutatingWebhook*}
  ValidatingWebhookConfiguration{1 metadata:ObjectMeta!; 2 webhooks:ValidatingWebhook*}
  MutatingWebhook{1 name:s!; 2 clientConfig:WebhookClientConfig!; 3 rules:RuleWithOperations*; 4 failurePolicy:s?; 9 matchPolicy:s?; 5 namespaceSelector:LabelSelector?; 11 objectSelector:LabelSelector?; 6 sideEffects:s?; 7 timeoutSeconds:i32?; 8 admissionReviewVersions:s*!; 10 reinvocationPolicy:s?; 12 matchConditions:MatchCondition*}
  ValidatingWebhook{1 name:s!; 2 clientConfig:WebhookClientConfig!; 3 rules:RuleWithOperations*; 4 failurePolicy:s?; 9 matchPolicy:s?; 5 namespaceSelector:LabelSelector?; 10 objectSelector:LabelSelector?; 6 sideEffects:s?; 7 timeoutSeconds:i32?; 8 admissionReviewVersions:s*!; 11 matchConditions:MatchCondition*}
  WebhookClientConfig{3 url:s?; 1 service:ServiceReference?; 2 caBundle:B}
  ServiceReference{1 namespace:s!; 2 name:s!; 3 path:s?; 4 port:i32?}
  Rule{1 apiGroups:s*; 2 apiVersions:s*; 3 resources:s*; 4 scope:s?}
  RuleWithOperations{1 operations:s*; 2 rule:Rule^}
  NamedRuleWithOperations{1 resourceNames:s*; 2 ruleWithOperations:RuleWithOperations^}
  MatchCondition{1 name:s!; 2 expression:s!}
  MatchResources{1 namespaceSelector:LabelSelector?; 2 objectSelector:LabelSelector?; 3 resourceRules:NamedRuleWithOperations*; 4 excludeResourceRules:NamedRuleWithOperations*; 7 matchPolicy:s?}
  ValidatingAdmissionPolicy{1 metadata:ObjectMeta!; 2 spec:ValidatingAdmissionPolicySpec!; 3 status:ValidatingAdmissionPolicyStatus!}
  ValidatingAdmissionPolicySpec{1 paramKind:ParamKind?; 2 matchConstraints:MatchResources?; 3 validations:Validation*; 4 failurePolicy:s?; 5 auditAnnotations:AuditAnnotation*; 6 matchConditions:MatchCondition*; 7 variables:Variable*}
  ValidatingAdmissionPolicyStatus{1 observedGeneration:i64; 2 typeChecking:TypeChecking?; 3 conditions:Condition*}
  ValidatingAdmissionPolicyBinding{1 metadata:ObjectMeta!; 2 spec:ValidatingAdmissionPolicyBindingSpec!}
  ValidatingAdmissionPolicyBindingSpec{1 policyName:s; 2 paramRef:ParamRef?; 3 matchResources:MatchResources?; 4 validationActions:s*}
  ParamKind{1 apiVersion:s; 2 kind:s}
  ParamRef{1 name:s; 2 namespace:s; 3 selector:LabelSelector?; 4 parameterNotFoundAction:s?}
  Validation{1 expression:s!; 2 message:s; 3 reason:s?; 4 messageExpression:s}
  AuditAnnotation{1 key:s!; 2 valueExpression:s!}
  Variable{1 name:s!; 2 expression:s!}
  TypeChecking{1 expressionWarnings:ExpressionWarning*}
  ExpressionWarning{2 fieldRef:s!; 3 warning:s!}
  MutatingAdmissionPolicy{1 metadata:ObjectMeta!; 2 spec:MutatingAdmissionPolicySpec!}
  MutatingAdmissionPolicySpec{1 paramKind:ParamKind?; 2 matchConstraints:MatchResources?; 3 variables:Variable*; 4 mutations:Mutation*; 5 failurePolicy:s?; 6 matchConditions:MatchCondition*; 7 reinvocationPolicy:s}
  MutatingAdmissionPolicyBinding{1 metadata:ObjectMeta!; 2 spec:MutatingAdmissionPolicyBindingSpec!}
  MutatingAdmissionPolicyBindingSpec{1 policyName:s; 2 paramRef:ParamRef?; 3 matchResources:MatchResources?}
  Mutation{2 patchType:s!; 3 applyConfiguration:ApplyConfiguration?; 4 jsonPatch:JSONPatch?}
  ApplyConfiguration{1 expression:s}
  JSONPatch{1 expression:s}
`,
  metaMessages,
);

/** apiextensions.k8s.io/v1 (12.11). */
export const apiextensionsMessages = scopeOf(
  `
  CustomResourceDefinition{1 metadata:ObjectMeta!; 2 spec:CustomResourceDefinitionSpec!; 3 status:CustomResourceDefinitionStatus!}
  CustomResourceDefinitionSpec{1 group:s!; 3 names:CustomResourceDefinitionNames!; 4 scope:s!; 7 versions:CustomResourceDefinitionVersion*!; 9 conversion:CustomResourceConversion?; 10 preserveUnknownFields:b}
  CustomResourceDefinitionNames{1 plural:s!; 2 singular:s; 3 shortNames:s*; 4 kind:s!; 5 listKind:s; 6 categories:s*}
  CustomResourceDefinitionVersion{1 name:s!; 2 served:b!; 3 storage:b!; 7 deprecated:b; 8 deprecationWarning:s?; 4 schema:CustomResourceValidation?; 5 subresources:CustomResourceSubresources?; 6 additionalPrinterColumns:CustomResourceColumnDefinition*; 9 selectableFields:SelectableField*}
  CustomResourceDefinitionStatus{1 conditions:CustomResourceDefinitionCondition*!; 2 acceptedNames:CustomResourceDefinitionNames!; 3 storedVersions:s*!; 4 observedGeneration:i64}
  CustomResourceDefinitionCondition{1 type:s!; 2 status:s!; 3 lastTransitionTime:Time; 4 reason:s; 5 message:s; 6 observedGeneration:i64}
  CustomResourceConversion{1 strategy:s!; 2 webhook:WebhookConversion?}
  WebhookConversion{2 clientConfig:WebhookClientConfig?; 3 conversionReviewVersions:s*!}
  WebhookClientConfig{3 url:s?; 1 service:ServiceReference?; 2 caBundle:B}
  ServiceReference{1 namespace:s!; 2 name:s!; 3 path:s?; 4 port:i32?}
  CustomResourceSubresources{1 status:CustomResourceSubresourceStatus?; 2 scale:CustomResourceSubresourceScale?}
  CustomResourceSubresourceStatus{}
  CustomResourceSubresourceScale{1 specReplicasPath:s!; 2 statusReplicasPath:s!; 3 labelSelectorPath:s?}
  CustomResourceColumnDefinition{1 name:s!; 2 type:s!; 3 format:s; 4 description:s; 5 priority:i32; 6 jsonPath:s!}
  SelectableField{1 jsonPath:s!}
  CustomResourceValidation{1 openAPIV3Schema:JSONSchemaProps?}
  JSONSchemaProps{1 id:s; 2 $schema:s; 3 $ref:s?; 4 description:s; 5 type:s; 6 format:s; 7 title:s; 8 default:Raw?; 9 maximum:f64?; 10 exclusiveMaximum:b; 11 minimum:f64?; 12 exclusiveMinimum:b; 13 maxLength:i64?; 14 minLength:i64?; 15 pattern:s; 16 maxItems:i64?; 17 minItems:i64?; 18 uniqueItems:b; 19 multipleOf:f64?; 20 enum:Raw*; 21 maxProperties:i64?; 22 minProperties:i64?; 23 required:s*; 24 items:SchemaOrArray?; 25 allOf:JSONSchemaProps*; 26 oneOf:JSONSchemaProps*; 27 anyOf:JSONSchemaProps*; 28 not:JSONSchemaProps?; 29 properties:map<s,JSONSchemaProps>; 30 additionalProperties:SchemaOrBool?; 31 patternProperties:map<s,JSONSchemaProps>; 32 dependencies:map<s,SchemaOrStrings>; 33 additionalItems:SchemaOrBool?; 34 definitions:map<s,JSONSchemaProps>; 35 externalDocs:ExternalDocumentation?; 36 example:Raw?; 37 nullable:b; 38 x-kubernetes-preserve-unknown-fields:b?; 39 x-kubernetes-embedded-resource:b; 40 x-kubernetes-int-or-string:b; 41 x-kubernetes-list-map-keys:s*; 42 x-kubernetes-list-type:s?; 43 x-kubernetes-map-type:s?; 44 x-kubernetes-validations:ValidationRule*}
  SchemaOrArray{1 schema:JSONSchemaProps?; 2 list:JSONSchemaProps*}
  SchemaOrBool{1 allows:b; 2 schema:JSONSchemaProps?}
  SchemaOrStrings{1 schema:JSONSchemaProps?; 2 list:s*}
  ExternalDocumentation{1 description:s; 2 url:s}
  ValidationRule{1 rule:s!; 2 message:s; 3 messageExpression:s; 4 reason:s?; 5 fieldPath:s; 6 optionalOldSelf:b?}
`,
  metaMessages,
);
