import type {JsonObject} from '../../api/json.ts';

/** What was asked, and of whom. */
export type Question = {
  readonly verb: string;
  readonly what: AskedResource | {readonly path: string};
  /** Absent when it is about who asks. */
  readonly subject?: {readonly user: string; readonly groups: readonly string[]} | undefined;
};

/** Texts that are absent are empty. */
export type AskedResource = {
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** Empty: all namespaces, or none where the resource has no namespaces. */
  readonly namespace: string;
  readonly namespaced: boolean;
};

/** `create configmaps in namespace default`. */
export function shownQuestion({verb, what}: Question): string {
  if ('path' in what) return `${verb} the path ${what.path}`;
  const {group, resource, subresource, name, namespace, namespaced} = what;
  const kind = `${resource}${group === '' ? '' : `.${group}`}${subresource === '' ? '' : `/${subresource}`}`;
  const where = !namespaced ? '' : namespace === '' ? ' in any namespace' : ` in namespace ${namespace}`;
  return `${verb} ${kind}${name === '' ? '' : ` ${JSON.stringify(name)}`}${where}`;
}

/** The spec of a review that asks it. */
export function reviewSpec({verb, what, subject}: Question): JsonObject {
  const attributes =
    'path' in what
      ? {nonResourceAttributes: {verb, path: what.path}}
      : {
          resourceAttributes: {
            verb,
            ...(what.namespace && {namespace: what.namespace}),
            ...(what.group && {group: what.group}),
            resource: what.resource,
            ...(what.subresource && {subresource: what.subresource}),
            ...(what.name && {name: what.name}),
          },
        };
  return {...attributes, ...(subject && {user: subject.user, groups: [...subject.groups]})};
}

const account = /^system:serviceaccount:([^:]+):([^:]+)$/;

/** The groups that somebody is in by being who they are, as the server adds them to who signs in. */
export function everybodysGroups(user: string): readonly string[] {
  const [, namespace] = account.exec(user) ?? [];
  if (namespace !== undefined) return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  return [user === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated'];
}

/** The flag of `kubectl create rolebinding` that names somebody. */
export function subjectFlag(user: string): string {
  const [, namespace, name] = account.exec(user) ?? [];
  return namespace === undefined ? `--user=${user}` : `--serviceaccount=${namespace}:${name}`;
}
