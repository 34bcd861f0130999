/** An explanation for people. */
import type {Json} from '../../api/json.ts';
import {dig, digString} from '../../api/json.ts';
import type {Explanation, Step} from './answer.ts';
import type {Question} from './question.ts';
import {shownQuestion} from './question.ts';

export type Shown = {
  readonly question: Question;
  readonly explanation: Explanation;
  /** Who it is about, as far as that is known. */
  readonly user: string | undefined;
  /** The path of the workspace. */
  readonly workspace: string;
  /** What would allow it. */
  readonly lines: readonly string[];
};

const titles: {readonly [authorizer: string]: string} = {
  AlwaysAllowGroups: 'groups that may everything',
  AlwaysAllowPaths: 'paths open to everybody',
  '01-requiredgroups': 'required groups',
  '02-content': 'access to the workspace',
  '03-systemcrd': 'fields of the server',
  '04-maxpermissionpolicy': 'limits of the export',
  '05-bootstrap': 'roles of all workspaces',
  '05-local': 'roles of this workspace',
  RBAC: 'roles',
  Webhook: 'webhook',
};
const outcomes: {readonly [outcome: string]: string} = {
  Allows: 'allows it',
  Denies: 'denies it',
  NoOpinion: 'does not allow it',
  Passes: 'passed',
  NotAsked: 'not asked',
};

/** The whole text. */
export function printed(shown: Shown): string {
  const {explanation, lines} = shown;
  const {steps, decidedBy, nearestMisses, error} = explanation;
  const parts = [
    headline(shown),
    ...(steps.length > 0 ? [table(steps)] : [explanation.reason]),
    ...(error ? [`Not everybody could be asked: ${error}`] : []),
    ...(decidedBy === undefined ? [] : [`Decided by:\n${indented(decision(decidedBy, shown.question))}`]),
    ...(nearestMisses.length > 0 ? [`What came near:\n${indented(nearestMisses)}`] : []),
    ...(lines.length > 0 ? [`${remedy(shown)}\n${indented(lines)}`] : noLine(explanation)),
    ...(explanation.complete || steps.length === 0 ? [] : [hint]),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** Whoever comes in may still lack what they came for. */
const remedy = ({explanation: {steps}, user, workspace}: Shown): string =>
  steps.some(({authorizer, outcome}) => authorizer === '02-content' && outcome === 'NoOpinion')
    ? `This would let ${user ?? 'you'} into ${workspace}; ask again then:`
    : `This would allow it, in ${workspace}:`;

const hint = 'There may be more to tell to those who may list the roles and bindings of the workspace.';

function headline({question, explanation, user, workspace}: Shown): string {
  const who = user === undefined ? 'you' : user;
  return `${explanation.allowed ? 'yes' : 'no'}: ${who} may ${explanation.allowed ? '' : 'not '}${shownQuestion(question)} of ${workspace}`;
}

const indented = (lines: readonly string[]): string => lines.map(line => `  ${line}`).join('\n');

function table(steps: readonly Step[]): string {
  const rows = steps.map(
    ({authorizer, outcome, reason = ''}) => [titles[authorizer] ?? authorizer, outcomes[outcome] ?? outcome, reason] as const,
  );
  const width = (column: 0 | 1): number => Math.max(...rows.map(row => row[column].length));
  return indented(rows.map(([title, outcome, reason]) => `${title.padEnd(width(0))}  ${outcome.padEnd(width(1))}  ${reason}`.trimEnd()));
}

function decision(by: Json, question: Question): string[] {
  const text = (...path: string[]): string => digString(by, ...path) ?? '';
  const namespace = text('binding', 'namespace');
  const where = dig(by, 'everywhere') === true ? ', which holds in every workspace' : namespace === '' ? '' : ` in namespace ${namespace}`;
  const account = text('subject', 'namespace');
  const subject = `${text('subject', 'kind')} ${account === '' ? '' : `${account}/`}${text('subject', 'name')}`;
  return [
    `${text('binding', 'kind')} ${text('binding', 'name')}${where}`,
    `gives ${subject} the ${text('role', 'kind')} ${text('role', 'name')}`,
    ...(dig(by, 'rule') === undefined ? [] : rule(dig(by, 'rule'), question)),
  ];
}

/** Words of a list that are shown. */
const wordsMax = 4;

function rule(found: Json | undefined, {what}: Question): string[] {
  const list = (key: string, asked?: string): string => {
    const given = dig(found, key);
    if (!Array.isArray(given)) return '';
    const words = given.map(word => (word === '' ? 'core' : String(word)));
    if (words.length <= wordsMax) return words.join(', ');
    // Of many, the one that was asked for.
    const shown = asked !== undefined && words.includes(asked) ? [asked] : words.slice(0, wordsMax);
    return `${shown.join(', ')} and ${words.length - shown.length} more`;
  };
  if ('path' in what) return [`by its rule: ${list('verbs')} of the paths ${list('nonResourceURLs', what.path)}`];
  const {group, resource, subresource, name} = what;
  const names = list('resourceNames', name);
  const resources = list('resources', subresource === '' ? resource : `${resource}/${subresource}`);
  const groups = list('apiGroups', group === '' ? 'core' : group);
  return [`by its rule: ${list('verbs')} of ${resources} in ${groups}${names === '' ? '' : `, if named ${names}`}`];
}

function noLine({allowed, denied, steps}: Explanation): string[] {
  if (allowed) return [];
  const last = steps.findLast(({outcome}) => outcome !== 'NotAsked')?.authorizer;
  if (last === '01-requiredgroups')
    return ['Only members of those groups may enter, whatever the roles say: authorization.kcp.io/required-groups of the LogicalCluster.'];
  if (denied || last === '04-maxpermissionpolicy') return ['No role of the workspace can allow it.'];
  return [];
}
