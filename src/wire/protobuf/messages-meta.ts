import {scopeOf} from './tables.ts';

/** What all kinds share (spec kubernetes-api 12.3). */
export const metaMessages = scopeOf(`
  TypeMeta{1 apiVersion:s; 2 kind:s}
  ObjectMeta{1 name:s; 2 generateName:s; 3 namespace:s; 4 selfLink:s; 5 uid:s; 6 resourceVersion:s; 7 generation:i64; 8 creationTimestamp:Time; 9 deletionTimestamp:Time; 10 deletionGracePeriodSeconds:i64?; 11 labels:map<s,s>; 12 annotations:map<s,s>; 13 ownerReferences:OwnerReference*; 14 finalizers:s*; 17 managedFields:ManagedFieldsEntry*}
  OwnerReference{5 apiVersion:s!; 1 kind:s!; 3 name:s!; 4 uid:s!; 6 controller:b?; 7 blockOwnerDeletion:b?}
  ManagedFieldsEntry{1 manager:s; 2 operation:s; 3 apiVersion:s; 4 time:Time; 6 fieldsType:s; 7 fieldsV1:Raw?; 8 subresource:s}
  ListMeta{1 selfLink:s; 2 resourceVersion:s; 3 continue:s; 4 remainingItemCount:i64?}
  Status{1 metadata:ListMeta!; 2 status:s; 3 message:s; 4 reason:s; 5 details:StatusDetails?; 6 code:i32}
  StatusDetails{1 name:s; 2 group:s; 3 kind:s; 6 uid:s; 4 causes:StatusCause*; 5 retryAfterSeconds:i32}
  StatusCause{1 reason:s; 2 message:s; 3 field:s}
  DeleteOptions{1 gracePeriodSeconds:i64?; 2 preconditions:Preconditions?; 3 orphanDependents:b?; 4 propagationPolicy:s?; 5 dryRun:s*; 6 ignoreStoreReadErrorWithClusterBreakingPotential:b?}
  Preconditions{1 uid:s?; 2 resourceVersion:s?}
  PartialObjectMetadata{1 metadata:ObjectMeta!}
  PartialObjectMetadataList{1 metadata:ListMeta!; 2 items:PartialObjectMetadata*!}
  LabelSelector{1 matchLabels:map<s,s>; 2 matchExpressions:LabelSelectorRequirement*}
  LabelSelectorRequirement{1 key:s!; 2 operator:s!; 3 values:s*}
  FieldSelectorRequirement{1 key:s!; 2 operator:s!; 3 values:s*}
  Condition{1 type:s!; 2 status:s!; 3 observedGeneration:i64; 4 lastTransitionTime:Time; 5 reason:s!; 6 message:s!}
`);

/** In v1beta1 the list had its numbers the other way round. */
export const metaV1beta1Messages = scopeOf(
  `
  PartialObjectMetadataList{2 metadata:ListMeta!; 1 items:PartialObjectMetadata*!}
`,
  metaMessages,
);
