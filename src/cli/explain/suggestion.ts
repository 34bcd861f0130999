/** What would allow it: command lines that are ready to be typed. */
import type {Explanation} from './answer.ts';
import type {AskedResource, Question} from './question.ts';
import {subjectFlag} from './question.ts';

/** The lines, to be run in the workspace, of a refusal that roles and bindings there can change; none of another. */
export function suggestion(question: Question, user: string, {allowed, denied, steps}: Explanation): readonly string[] {
  if (allowed || denied) return [];
  const last = steps.findLast(({authorizer}) => authorizer !== 'Webhook')?.authorizer;
  const to = quoted(subjectFlag(user));
  if (last === '02-content') {
    const phase = steps.some(({reason}) => reason?.startsWith('not permitted due to phase'));
    return phase ? [] : [`kubectl create clusterrolebinding ${nameOf(user, 'access')} --clusterrole=system:kcp:workspace:access ${to}`];
  }
  if (last === '04-maxpermissionpolicy' || last === 'RBAC') return [];
  const {verb, what} = question;
  if ('path' in what) {
    const name = nameOf(user, verb, what.path);
    return [
      `kubectl create clusterrole ${name} --verb=${quoted(verb)} --non-resource-url=${quoted(what.path)}`,
      `kubectl create clusterrolebinding ${name} --clusterrole=${name} ${to}`,
    ];
  }
  const name = nameOf(user, verb, what.resource, what.subresource);
  const rule = `--verb=${quoted(verb)} --resource=${quoted(resourceArgument(what))}${nameArgument(verb, what)}`;
  if (!what.namespaced || what.namespace === '')
    return [`kubectl create clusterrole ${name} ${rule}`, `kubectl create clusterrolebinding ${name} --clusterrole=${name} ${to}`];
  const where = `-n ${quoted(what.namespace)}`;
  return [`kubectl create role ${name} ${rule} ${where}`, `kubectl create rolebinding ${name} --role=${name} ${to} ${where}`];
}

const resourceArgument = ({group, resource, subresource}: AskedResource): string =>
  `${resource}${group === '' ? '' : `.${group}`}${subresource === '' ? '' : `/${subresource}`}`;

/** A request to create has no name yet, so that a rule with names does not cover it. */
const nameArgument = (verb: string, {name}: AskedResource): string =>
  name === '' || verb === 'create' ? '' : ` --resource-name=${quoted(name)}`;

const nameCharsMax = 63;

/** A name for what is made, of the words it is about. */
const nameOf = (...words: readonly string[]): string =>
  words
    .map(word => word.toLowerCase().replace(/[^a-z0-9]+/g, '-'))
    .join('-')
    .replace(/-+/g, '-')
    .slice(0, nameCharsMax)
    .replace(/^-|-$/g, '');

/** A word for a shell. */
export const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
