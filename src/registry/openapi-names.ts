import type {Kind} from '../kinds/kind.ts';

/** What OpenAPI documents call things (spec kubernetes-api 7.3.6, 7.4.9). */

export type GroupVersionKind = {readonly group: string; readonly version: string; readonly kind: string};

export const gvkOf = (kind: Kind): GroupVersionKind => ({group: kind.group, version: kind.version, kind: kind.names.kind});

/**
 * The definition of a kind: `io.k8s.api.core.v1.ConfigMap` after the Go package of a built-in one, `com.example.v1.Widget` after the
 * reversed group of a custom one. `name` is its kind or its list's.
 */
export const definitionName = ({group, version, custom}: Kind, name: string): string =>
  `${custom ? group.split('.').reverse().join('.') : packageOf(group)}.${version}.${name}`;

/** The definition of what all kinds share: `ObjectMeta`, `Status`. */
export const metaDefinition = (name: string): string => `io.k8s.apimachinery.pkg.apis.meta.v1.${name}`;

export const scaleDefinition = 'io.k8s.api.autoscaling.v1.Scale';

function packageOf(group: string): string {
  if (group === 'apiextensions.k8s.io') return 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions';
  if (group === 'apiregistration.k8s.io') return 'io.k8s.kube-aggregator.pkg.apis.apiregistration';
  return `io.k8s.api.${group ? group.split('.', 1)[0] : 'core'}`;
}

/** What names a group inside operation ids: `Core`, `RbacAuthorization`, `ExampleCom`. */
export const groupWord = (group: string): string =>
  (group || 'core')
    .replace(/\.k8s\.io$/, '')
    .split(/[.-]/)
    .map(capital)
    .join('');

/** The tag of a group version's operations: `rbacAuthorization_v1`. */
export function tagOf(group: string, version: string): string {
  const word = groupWord(group);
  return `${word.charAt(0).toLowerCase()}${word.slice(1)}_${version}`;
}

export const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
