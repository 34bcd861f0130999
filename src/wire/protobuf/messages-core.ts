import {metaMessages} from './messages-meta.ts';
import {scopeOf} from './tables.ts';

/** core/v1 (spec kubernetes-api 12.5). */
export const coreMessages = scopeOf(
  `
  ConfigMap{1 metadata:ObjectMeta!; 4 immutable:b?; 2 data:map<s,s>; 3 binaryData:map<s,B>}
  Secret{1 metadata:ObjectMeta!; 5 immutable:b?; 2 data:map<s,B>; 4 stringData:map<s,s>; 3 type:s}
  ServiceAccount{1 metadata:ObjectMeta!; 2 secrets:ObjectReference*; 3 imagePullSecrets:LocalObjectReference*; 4 automountServiceAccountToken:b?}
  Namespace{1 metadata:ObjectMeta!; 2 spec:NamespaceSpec!; 3 status:NamespaceStatus!}
  NamespaceSpec{1 finalizers:s*}
  NamespaceStatus{1 phase:s; 2 conditions:NamespaceCondition*}
  NamespaceCondition{1 type:s!; 2 status:s!; 4 lastTransitionTime:Time; 5 reason:s; 6 message:s}
  Event{1 metadata:ObjectMeta!; 2 involvedObject:ObjectReference!; 3 reason:s; 4 message:s; 5 source:EventSource!; 6 firstTimestamp:Time; 7 lastTimestamp:Time; 8 count:i32; 9 type:s; 10 eventTime:MicroTime; 11 series:EventSeries?; 12 action:s; 13 related:ObjectReference?; 14 reportingComponent:s!; 15 reportingInstance:s!}
  EventSeries{1 count:i32; 2 lastObservedTime:MicroTime}
  EventSource{1 component:s; 2 host:s}
  ObjectReference{1 kind:s; 2 namespace:s; 3 name:s; 4 uid:s; 5 apiVersion:s; 6 resourceVersion:s; 7 fieldPath:s}
  LocalObjectReference{1 name:s}
  ResourceQuota{1 metadata:ObjectMeta!; 2 spec:ResourceQuotaSpec!; 3 status:ResourceQuotaStatus!}
  ResourceQuotaSpec{1 hard:map<s,Quantity>; 2 scopes:s*; 3 scopeSelector:ScopeSelector?}
  ResourceQuotaStatus{1 hard:map<s,Quantity>; 2 used:map<s,Quantity>}
  ScopeSelector{1 matchExpressions:ScopedResourceSelectorRequirement*}
  ScopedResourceSelectorRequirement{1 scopeName:s!; 2 operator:s!; 3 values:s*}
  LimitRange{1 metadata:ObjectMeta!; 2 spec:LimitRangeSpec!}
  LimitRangeSpec{1 limits:LimitRangeItem*!}
  LimitRangeItem{1 type:s!; 2 max:map<s,Quantity>; 3 min:map<s,Quantity>; 4 default:map<s,Quantity>; 5 defaultRequest:map<s,Quantity>; 6 maxLimitRequestRatio:map<s,Quantity>}
`,
  metaMessages,
);

/** events.k8s.io/v1 (12.6). */
export const eventsMessages = scopeOf(
  `
  Event{1 metadata:ObjectMeta!; 2 eventTime:MicroTime; 3 series:EventSeries?; 4 reportingController:s; 5 reportingInstance:s; 6 action:s; 7 reason:s; 8 regarding:ObjectReference!; 9 related:ObjectReference?; 10 note:s; 11 type:s; 12 deprecatedSource:EventSource!; 13 deprecatedFirstTimestamp:Time; 14 deprecatedLastTimestamp:Time; 15 deprecatedCount:i32}
  EventSeries{1 count:i32!; 2 lastObservedTime:MicroTime}
`,
  coreMessages,
);

/** coordination.k8s.io/v1 (12.6). */
export const coordinationMessages = scopeOf(
  `
  Lease{1 metadata:ObjectMeta!; 2 spec:LeaseSpec!}
  LeaseSpec{1 holderIdentity:s?; 2 leaseDurationSeconds:i32?; 3 acquireTime:MicroTime; 4 renewTime:MicroTime; 5 leaseTransitions:i32?; 6 strategy:s?; 7 preferredHolder:s?}
`,
  metaMessages,
);
