import type {JsonSchema} from '../schema/json-schema.ts';

/**
 * How Kubernetes' own workload kinds merge (spec kubernetes-api 3.5.5), for the workspaces that have them as custom resources: clients
 * send them the patches they send to Kubernetes. A line is a kind or a part of one, with those of its fields that merge otherwise than
 * a merge patch would: `name:Part` is looked up in `Part`, `name*key` is a list whose items merge by `key` (scalars without a key
 * unite), `name=` is replaced. What may stand in `$retainKeys` is for clients to know.
 */
const kinds = `
  v1 Pod{spec:Pod; status:PodStatus}
  v1 PodTemplate{template:Templated}
  v1 ReplicationController{spec:Workload; status:Conditions}
  v1 Service{spec:Service; status:Conditions}
  v1 Endpoints{}
  v1 PersistentVolume{}
  v1 PersistentVolumeClaim{status:Conditions}
  v1 Node{spec:Node; status:NodeStatus}
  apps/v1 Deployment{spec:Workload; status:Conditions}
  apps/v1 StatefulSet{spec:Workload; status:Conditions}
  apps/v1 DaemonSet{spec:Workload; status:Conditions}
  apps/v1 ReplicaSet{spec:Workload; status:Conditions}
  apps/v1 ControllerRevision{}
  batch/v1 Job{spec:Workload; status:Conditions}
  batch/v1 CronJob{spec:CronJob}
  networking.k8s.io/v1 Ingress{}
  networking.k8s.io/v1 IngressClass{}
  networking.k8s.io/v1 NetworkPolicy{}
  autoscaling/v1 HorizontalPodAutoscaler{}
  autoscaling/v2 HorizontalPodAutoscaler{status:Conditions}
  policy/v1 PodDisruptionBudget{spec:PodDisruptionBudget; status:Conditions}
  discovery.k8s.io/v1 EndpointSlice{}
  scheduling.k8s.io/v1 PriorityClass{}
  storage.k8s.io/v1 StorageClass{}
`;

const parts = `
  Conditions{conditions*type}
  Workload{template:Templated}
  Templated{metadata:Metadata; spec:Pod}
  Metadata{ownerReferences*uid; finalizers*}
  Pod{volumes*name; initContainers:Container*name; containers:Container*name; ephemeralContainers:Container*name; imagePullSecrets*name; hostAliases*ip; topologySpreadConstraints*topologyKey; schedulingGates*name; resourceClaims*name}
  Container{ports*containerPort; env*name; volumeMounts*mountPath; volumeDevices*devicePath}
  PodStatus{conditions*type; hostIPs*ip; podIPs*ip; resourceClaimStatuses*name}
  CronJob{jobTemplate:JobTemplate}
  JobTemplate{metadata:Metadata; spec:Workload}
  Service{ports*port}
  Node{podCIDRs*}
  NodeStatus{conditions*type; addresses*type}
  PodDisruptionBudget{selector=}
`;

/** How objects of a kind of Kubernetes merge, as `strategicPatch` takes it; undefined for all other kinds. */
export function mergeSchemaOf(apiVersion: string, kind: string): JsonSchema | undefined {
  schemas ??= readKinds();
  return schemas.get(`${apiVersion} ${kind}`);
}

let schemas: ReadonlyMap<string, JsonSchema> | undefined;

function readKinds(): ReadonlyMap<string, JsonSchema> {
  const lines = linesOf(parts);
  const read = new Map<string, JsonSchema>();
  const part = (name: string): JsonSchema => {
    const known = read.get(name);
    if (known) return known;
    const schema = schemaOf(lines.get(name) ?? '', part);
    read.set(name, schema);
    return schema;
  };
  return new Map([...linesOf(kinds)].map(([name, fields]) => [name, schemaOf(fields, part)]));
}

/** What stands between the braces, by what stands before them. */
const linesOf = (text: string): ReadonlyMap<string, string> =>
  new Map([...text.matchAll(/^ *([^{\n]+)\{(.*)\}$/gm)].map(([, name, fields]) => [name!, fields!]));

function schemaOf(fields: string, part: (name: string) => JsonSchema): JsonSchema {
  const properties: {[name: string]: JsonSchema} = {};
  for (const [, name, type, mark, key] of fields.matchAll(/(\w+)(?::(\w+))?(?:([*=])(\w*))?/g)) {
    const inner = type ? part(type) : {};
    if (mark === '=') properties[name!] = {'x-kubernetes-patch-strategy': 'replace'};
    else if (mark === '*') properties[name!] = {...listOf(inner), ...(key && {'x-kubernetes-patch-merge-key': key})};
    else properties[name!] = inner;
  }
  return {type: 'object', properties};
}

const listOf = (items: JsonSchema): JsonSchema => ({type: 'array', items, 'x-kubernetes-patch-strategy': 'merge'});
