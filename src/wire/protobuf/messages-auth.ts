import {metaMessages} from './messages-meta.ts';
import {scopeOf} from './tables.ts';

/** rbac.authorization.k8s.io/v1 (spec kubernetes-api 12.7). */
export const rbacMessages = scopeOf(
  `
  Role{1 metadata:ObjectMeta!; 2 rules:PolicyRule*!}
  RoleBinding{1 metadata:ObjectMeta!; 2 subjects:Subject*; 3 roleRef:RoleRef!}
  ClusterRole{1 metadata:ObjectMeta!; 2 rules:PolicyRule*!; 3 aggregationRule:AggregationRule?}
  ClusterRoleBinding{1 metadata:ObjectMeta!; 2 subjects:Subject*; 3 roleRef:RoleRef!}
  AggregationRule{1 clusterRoleSelectors:LabelSelector*}
  PolicyRule{1 verbs:s*!; 2 apiGroups:s*; 3 resources:s*; 4 resourceNames:s*; 5 nonResourceURLs:s*}
  RoleRef{1 apiGroup:s!; 2 kind:s!; 3 name:s!}
  Subject{1 kind:s!; 2 apiGroup:s; 3 name:s!; 4 namespace:s}
`,
  metaMessages,
);

/** authentication.k8s.io/v1 (12.8). */
export const authenticationMessages = scopeOf(
  `
  BoundObjectReference{1 kind:s; 2 apiVersion:s; 3 name:s; 4 uid:s}
  SelfSubjectReview{1 metadata:ObjectMeta!; 2 status:SelfSubjectReviewStatus!}
  SelfSubjectReviewStatus{1 userInfo:UserInfo!}
  TokenRequest{1 metadata:ObjectMeta!; 2 spec:TokenRequestSpec!; 3 status:TokenRequestStatus!}
  TokenRequestSpec{1 audiences:s*!; 4 expirationSeconds:i64?; 3 boundObjectRef:BoundObjectReference?}
  TokenRequestStatus{1 token:s!; 2 expirationTimestamp:Time}
  TokenReview{1 metadata:ObjectMeta!; 2 spec:TokenReviewSpec!; 3 status:TokenReviewStatus!}
  TokenReviewSpec{1 token:s; 2 audiences:s*}
  TokenReviewStatus{1 authenticated:b; 2 user:UserInfo!; 3 error:s; 4 audiences:s*}
  UserInfo{1 username:s; 2 uid:s; 3 groups:s*; 4 extra:map<s,Strings>}
`,
  metaMessages,
);

/** authorization.k8s.io/v1 (12.8). */
export const authorizationMessages = scopeOf(
  `
  SubjectAccessReview{1 metadata:ObjectMeta!; 2 spec:SubjectAccessReviewSpec!; 3 status:SubjectAccessReviewStatus!}
  LocalSubjectAccessReview{1 metadata:ObjectMeta!; 2 spec:SubjectAccessReviewSpec!; 3 status:SubjectAccessReviewStatus!}
  SelfSubjectAccessReview{1 metadata:ObjectMeta!; 2 spec:SelfSubjectAccessReviewSpec!; 3 status:SubjectAccessReviewStatus!}
  SelfSubjectRulesReview{1 metadata:ObjectMeta!; 2 spec:SelfSubjectRulesReviewSpec!; 3 status:SubjectRulesReviewStatus!}
  SubjectAccessReviewSpec{1 resourceAttributes:ResourceAttributes?; 2 nonResourceAttributes:NonResourceAttributes?; 3 user:s; 4 groups:s*; 5 extra:map<s,Strings>; 6 uid:s}
  SelfSubjectAccessReviewSpec{1 resourceAttributes:ResourceAttributes?; 2 nonResourceAttributes:NonResourceAttributes?}
  SelfSubjectRulesReviewSpec{1 namespace:s}
  SubjectAccessReviewStatus{1 allowed:b!; 4 denied:b; 2 reason:s; 3 evaluationError:s}
  SubjectRulesReviewStatus{1 resourceRules:ResourceRule*!; 2 nonResourceRules:NonResourceRule*!; 3 incomplete:b!; 4 evaluationError:s}
  ResourceAttributes{1 namespace:s; 2 verb:s; 3 group:s; 4 version:s; 5 resource:s; 6 subresource:s; 7 name:s; 8 fieldSelector:FieldSelectorAttributes?; 9 labelSelector:LabelSelectorAttributes?}
  FieldSelectorAttributes{1 rawSelector:s; 2 requirements:FieldSelectorRequirement*}
  LabelSelectorAttributes{1 rawSelector:s; 2 requirements:LabelSelectorRequirement*}
  NonResourceAttributes{1 path:s; 2 verb:s}
  ResourceRule{1 verbs:s*!; 2 apiGroups:s*; 3 resources:s*; 4 resourceNames:s*}
  NonResourceRule{1 verbs:s*!; 2 nonResourceURLs:s*}
`,
  metaMessages,
);

/** certificates.k8s.io/v1 (12.9). */
export const certificatesMessages = scopeOf(
  `
  CertificateSigningRequest{1 metadata:ObjectMeta!; 2 spec:CertificateSigningRequestSpec!; 3 status:CertificateSigningRequestStatus!}
  CertificateSigningRequestSpec{1 request:B!; 7 signerName:s!; 8 expirationSeconds:i32?; 5 usages:s*; 2 username:s; 3 uid:s; 4 groups:s*; 6 extra:map<s,Strings>}
  CertificateSigningRequestStatus{1 conditions:CertificateSigningRequestCondition*; 2 certificate:B}
  CertificateSigningRequestCondition{1 type:s!; 6 status:s!; 2 reason:s; 3 message:s; 4 lastUpdateTime:Time; 5 lastTransitionTime:Time}
`,
  metaMessages,
);
