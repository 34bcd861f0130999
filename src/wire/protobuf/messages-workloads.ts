import {metaMessages} from './messages-meta.ts';
import {podMessages} from './messages-pods.ts';
import {scopeOf} from './tables.ts';

/** apps/v1. */
export const appsMessages = scopeOf(
  `
  Deployment{1 metadata:ObjectMeta!; 2 spec:DeploymentSpec!; 3 status:DeploymentStatus!}
  StatefulSet{1 metadata:ObjectMeta!; 2 spec:StatefulSetSpec!; 3 status:StatefulSetStatus!}
  DaemonSet{1 metadata:ObjectMeta!; 2 spec:DaemonSetSpec!; 3 status:DaemonSetStatus!}
  ReplicaSet{1 metadata:ObjectMeta!; 2 spec:ReplicaSetSpec!; 3 status:ReplicaSetStatus!}
  ControllerRevision{1 metadata:ObjectMeta!; 2 data:Raw; 3 revision:i64!}
  DeploymentSpec{1 replicas:i32?; 2 selector:LabelSelector?; 3 template:PodTemplateSpec!; 4 strategy:DeploymentStrategy!; 5 minReadySeconds:i32; 6 revisionHistoryLimit:i32?; 7 paused:b; 9 progressDeadlineSeconds:i32?}
  DeploymentStatus{1 observedGeneration:i64; 2 replicas:i32; 3 updatedReplicas:i32; 7 readyReplicas:i32; 4 availableReplicas:i32; 5 unavailableReplicas:i32; 9 terminatingReplicas:i32?; 6 conditions:DeploymentCondition*; 8 collisionCount:i32?}
  StatefulSetSpec{1 replicas:i32?; 2 selector:LabelSelector?; 3 template:PodTemplateSpec!; 4 volumeClaimTemplates:PersistentVolumeClaim*; 5 serviceName:s!; 6 podManagementPolicy:s; 7 updateStrategy:StatefulSetUpdateStrategy!; 8 revisionHistoryLimit:i32?; 9 minReadySeconds:i32; 10 persistentVolumeClaimRetentionPolicy:StatefulSetPersistentVolumeClaimRetentionPolicy?; 11 ordinals:StatefulSetOrdinals?}
  StatefulSetStatus{1 observedGeneration:i64; 2 replicas:i32!; 3 readyReplicas:i32; 4 currentReplicas:i32; 5 updatedReplicas:i32; 6 currentRevision:s; 7 updateRevision:s; 9 collisionCount:i32?; 10 conditions:StatefulSetCondition*; 11 availableReplicas:i32!}
  DaemonSetSpec{1 selector:LabelSelector?; 2 template:PodTemplateSpec!; 3 updateStrategy:DaemonSetUpdateStrategy!; 4 minReadySeconds:i32; 6 revisionHistoryLimit:i32?}
  DaemonSetStatus{1 currentNumberScheduled:i32!; 2 numberMisscheduled:i32!; 3 desiredNumberScheduled:i32!; 4 numberReady:i32!; 5 observedGeneration:i64; 6 updatedNumberScheduled:i32; 7 numberAvailable:i32; 8 numberUnavailable:i32; 9 collisionCount:i32?; 10 conditions:DaemonSetCondition*}
  ReplicaSetSpec{1 replicas:i32?; 4 minReadySeconds:i32; 2 selector:LabelSelector?; 3 template:PodTemplateSpec!}
  ReplicaSetStatus{1 replicas:i32!; 2 fullyLabeledReplicas:i32; 4 readyReplicas:i32; 5 availableReplicas:i32; 7 terminatingReplicas:i32?; 3 observedGeneration:i64; 6 conditions:ReplicaSetCondition*}
  DeploymentStrategy{1 type:s; 2 rollingUpdate:RollingUpdateDeployment?}
  DeploymentCondition{1 type:s!; 2 status:s!; 6 lastUpdateTime:Time; 7 lastTransitionTime:Time; 4 reason:s; 5 message:s}
  StatefulSetUpdateStrategy{1 type:s; 2 rollingUpdate:RollingUpdateStatefulSetStrategy?}
  StatefulSetPersistentVolumeClaimRetentionPolicy{1 whenDeleted:s; 2 whenScaled:s}
  StatefulSetOrdinals{1 start:i32!}
  StatefulSetCondition{1 type:s!; 2 status:s!; 3 lastTransitionTime:Time; 4 reason:s; 5 message:s}
  DaemonSetUpdateStrategy{1 type:s; 2 rollingUpdate:RollingUpdateDaemonSet?}
  DaemonSetCondition{1 type:s!; 2 status:s!; 3 lastTransitionTime:Time; 4 reason:s; 5 message:s}
  ReplicaSetCondition{1 type:s!; 2 status:s!; 3 lastTransitionTime:Time; 4 reason:s; 5 message:s}
  RollingUpdateDeployment{1 maxUnavailable:IntOrString?; 2 maxSurge:IntOrString?}
  RollingUpdateStatefulSetStrategy{1 partition:i32?; 2 maxUnavailable:IntOrString?}
  RollingUpdateDaemonSet{1 maxUnavailable:IntOrString?; 2 maxSurge:IntOrString?}
`,
  podMessages,
);

/** batch/v1. */
export const batchMessages = scopeOf(
  `
  Job{1 metadata:ObjectMeta!; 2 spec:JobSpec!; 3 status:JobStatus!}
  CronJob{1 metadata:ObjectMeta!; 2 spec:CronJobSpec!; 3 status:CronJobStatus!}
  JobSpec{1 parallelism:i32?; 2 completions:i32?; 3 activeDeadlineSeconds:i64?; 11 podFailurePolicy:PodFailurePolicy?; 16 successPolicy:SuccessPolicy?; 7 backoffLimit:i32?; 12 backoffLimitPerIndex:i32?; 13 maxFailedIndexes:i32?; 4 selector:LabelSelector?; 5 manualSelector:b?; 6 template:PodTemplateSpec!; 8 ttlSecondsAfterFinished:i32?; 9 completionMode:s?; 10 suspend:b?; 14 podReplacementPolicy:s?; 15 managedBy:s?}
  JobStatus{1 conditions:JobCondition*; 2 startTime:Time; 3 completionTime:Time; 4 active:i32; 5 succeeded:i32; 6 failed:i32; 11 terminating:i32?; 7 completedIndexes:s; 10 failedIndexes:s?; 8 uncountedTerminatedPods:UncountedTerminatedPods?; 9 ready:i32?}
  CronJobSpec{1 schedule:s!; 8 timeZone:s?; 2 startingDeadlineSeconds:i64?; 3 concurrencyPolicy:s; 4 suspend:b?; 5 jobTemplate:JobTemplateSpec!; 6 successfulJobsHistoryLimit:i32?; 7 failedJobsHistoryLimit:i32?}
  CronJobStatus{1 active:ObjectReference*; 4 lastScheduleTime:Time; 5 lastSuccessfulTime:Time}
  PodFailurePolicy{1 rules:PodFailurePolicyRule*!}
  SuccessPolicy{1 rules:SuccessPolicyRule*!}
  JobCondition{1 type:s!; 2 status:s!; 3 lastProbeTime:Time; 4 lastTransitionTime:Time; 5 reason:s; 6 message:s}
  UncountedTerminatedPods{1 succeeded:s*; 2 failed:s*}
  JobTemplateSpec{1 metadata:ObjectMeta!; 2 spec:JobSpec!}
  PodFailurePolicyRule{1 action:s!; 2 onExitCodes:PodFailurePolicyOnExitCodesRequirement?; 3 onPodConditions:PodFailurePolicyOnPodConditionsPattern*}
  SuccessPolicyRule{1 succeededIndexes:s?; 2 succeededCount:i32?}
  PodFailurePolicyOnExitCodesRequirement{1 containerName:s?; 2 operator:s!; 3 values:i32*!}
  PodFailurePolicyOnPodConditionsPattern{1 type:s!; 2 status:s!}
`,
  podMessages,
);

/** policy/v1. */
export const policyMessages = scopeOf(
  `
  PodDisruptionBudget{1 metadata:ObjectMeta!; 2 spec:PodDisruptionBudgetSpec!; 3 status:PodDisruptionBudgetStatus!}
  PodDisruptionBudgetSpec{1 minAvailable:IntOrString?; 2 selector:LabelSelector?; 3 maxUnavailable:IntOrString?; 4 unhealthyPodEvictionPolicy:s?}
  PodDisruptionBudgetStatus{1 observedGeneration:i64; 2 disruptedPods:map<s,Time>; 3 disruptionsAllowed:i32!; 4 currentHealthy:i32!; 5 desiredHealthy:i32!; 6 expectedPods:i32!; 7 conditions:Condition*}
`,
  metaMessages,
);

/** scheduling.k8s.io/v1. */
export const schedulingMessages = scopeOf(
  `
  PriorityClass{1 metadata:ObjectMeta!; 2 value:i32!; 3 globalDefault:b; 4 description:s; 5 preemptionPolicy:s?}
`,
  metaMessages,
);
