import type {Json, JsonObject} from './json.ts';

/** Who an object belongs to (spec kubernetes-api 2.6). */
export type OwnerReference = {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
};

/** The group and the version of an apiVersion; the core group is ''. */
export function groupVersionOf(apiVersion: string): {readonly group: string; readonly version: string} {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? {group: '', version: apiVersion} : {group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1)};
}

/** Kubernetes' ObjectMeta, as it travels. Times are RFC 3339, UTC, whole seconds. */
export type ObjectMeta = {
  name: string;
  generateName?: string;
  namespace?: string;
  uid: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: {[key: string]: string};
  annotations?: {[key: string]: string};
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: JsonObject[];
};

/** Any object of any kind after it passed the checks on metadata. */
export type KubeObject = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: Json | ObjectMeta | undefined;
};

/** The same value seen as JSON. */
export const asJson = (object: KubeObject): JsonObject => object as unknown as JsonObject;
/** The same value seen as an object; the caller vouches that `metadata` is in order. */
export const asObject = (json: JsonObject): KubeObject => json as unknown as KubeObject;

/** `metadata.annotations` key under which every object carries the id of its logical cluster (spec kcp 2.3). */
export const clusterAnnotation = 'kcp.io/cluster';

/** Seconds-precision RFC 3339 in UTC, Kubernetes' metav1.Time. */
export function timestamp(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastTimestamp = `${new Date(second * 1000).toISOString().slice(0, 19)}Z`;
  }
  return lastTimestamp;
}

// Thousands of objects are made in one second.
let lastSecond = Number.NaN;
let lastTimestamp = '';
