import {metaMessages} from './messages-meta.ts';
import {scopeOf} from './tables.ts';

/** autoscaling/v1, of which the scale subresource is served (spec kubernetes-api 12.12). */
export const autoscalingMessages = scopeOf(
  `
  Scale{1 metadata:ObjectMeta!; 2 spec:ScaleSpec!; 3 status:ScaleStatus!}
  ScaleSpec{1 replicas:i32}
  ScaleStatus{1 replicas:i32!; 2 selector:s}
  HorizontalPodAutoscaler{1 metadata:ObjectMeta!; 2 spec:HorizontalPodAutoscalerSpec!; 3 status:HorizontalPodAutoscalerStatus!}
  HorizontalPodAutoscalerSpec{1 scaleTargetRef:CrossVersionObjectReference!; 2 minReplicas:i32?; 3 maxReplicas:i32!; 4 targetCPUUtilizationPercentage:i32?}
  HorizontalPodAutoscalerStatus{1 observedGeneration:i64?; 2 lastScaleTime:Time; 3 currentReplicas:i32!; 4 desiredReplicas:i32!; 5 currentCPUUtilizationPercentage:i32?}
  CrossVersionObjectReference{1 kind:s!; 2 name:s!; 3 apiVersion:s}
`,
  metaMessages,
);

/** autoscaling/v2. */
export const autoscalingV2Messages = scopeOf(
  `
  HorizontalPodAutoscaler{1 metadata:ObjectMeta!; 2 spec:HorizontalPodAutoscalerSpec!; 3 status:HorizontalPodAutoscalerStatus!}
  HorizontalPodAutoscalerSpec{1 scaleTargetRef:CrossVersionObjectReference!; 2 minReplicas:i32?; 3 maxReplicas:i32!; 4 metrics:MetricSpec*; 5 behavior:HorizontalPodAutoscalerBehavior?}
  HorizontalPodAutoscalerStatus{1 observedGeneration:i64?; 2 lastScaleTime:Time; 3 currentReplicas:i32; 4 desiredReplicas:i32!; 5 currentMetrics:MetricStatus*!; 6 conditions:HorizontalPodAutoscalerCondition*}
  CrossVersionObjectReference{1 kind:s!; 2 name:s!; 3 apiVersion:s}
  MetricSpec{1 type:s!; 2 object:ObjectMetricSource?; 3 pods:PodsMetricSource?; 4 resource:ResourceMetricSource?; 7 containerResource:ContainerResourceMetricSource?; 5 external:ExternalMetricSource?}
  HorizontalPodAutoscalerBehavior{1 scaleUp:HPAScalingRules?; 2 scaleDown:HPAScalingRules?}
  MetricStatus{1 type:s!; 2 object:ObjectMetricStatus?; 3 pods:PodsMetricStatus?; 4 resource:ResourceMetricStatus?; 7 containerResource:ContainerResourceMetricStatus?; 5 external:ExternalMetricStatus?}
  HorizontalPodAutoscalerCondition{1 type:s!; 2 status:s!; 3 lastTransitionTime:Time; 4 reason:s; 5 message:s}
  ObjectMetricSource{1 describedObject:CrossVersionObjectReference!; 2 target:MetricTarget!; 3 metric:MetricIdentifier!}
  PodsMetricSource{1 metric:MetricIdentifier!; 2 target:MetricTarget!}
  ResourceMetricSource{1 name:s!; 2 target:MetricTarget!}
  ContainerResourceMetricSource{1 name:s!; 2 target:MetricTarget!; 3 container:s!}
  ExternalMetricSource{1 metric:MetricIdentifier!; 2 target:MetricTarget!}
  HPAScalingRules{3 stabilizationWindowSeconds:i32?; 1 selectPolicy:s?; 2 policies:HPAScalingPolicy*; 4 tolerance:Quantity?}
  ObjectMetricStatus{1 metric:MetricIdentifier!; 2 current:MetricValueStatus!; 3 describedObject:CrossVersionObjectReference!}
  PodsMetricStatus{1 metric:MetricIdentifier!; 2 current:MetricValueStatus!}
  ResourceMetricStatus{1 name:s!; 2 current:MetricValueStatus!}
  ContainerResourceMetricStatus{1 name:s!; 2 current:MetricValueStatus!; 3 container:s!}
  ExternalMetricStatus{1 metric:MetricIdentifier!; 2 current:MetricValueStatus!}
  MetricTarget{1 type:s!; 2 value:Quantity?; 3 averageValue:Quantity?; 4 averageUtilization:i32?}
  MetricIdentifier{1 name:s!; 2 selector:LabelSelector?}
  HPAScalingPolicy{1 type:s!; 2 value:i32!; 3 periodSeconds:i32!}
  MetricValueStatus{1 value:Quantity?; 2 averageValue:Quantity?; 3 averageUtilization:i32?}
`,
  metaMessages,
);
