import {ApiError} from '../../api/errors.ts';
import {digString} from '../../api/json.ts';
import {nearestWord} from '../../api/near-words.ts';
import {asJson} from '../../api/object.ts';
import type {Client, ResourceRef} from '../../client/client.ts';
import type {Command} from '../command.ts';
import {connectionFlags, workspaceFlag} from '../command.ts';
import type {ParsedFlags} from '../flags.ts';
import {isSet} from '../flags.ts';
import type {Session} from '../session.ts';
import {currentWorkspace, openSession} from '../session.ts';
import type {World} from '../world.ts';
import {CommandError} from '../world.ts';
import type {Explanation} from './answer.ts';
import {closed, readAnswer} from './answer.ts';
import {printed} from './print.ts';
import type {AskedResource, Question} from './question.ts';
import {everybodysGroups, reviewSpec} from './question.ts';
import {resourceNamed, resourceTypes} from './resource-types.ts';
import {suggestion} from './suggestion.ts';

const examples = `  # may I create config maps, and why (not)?
  kcp explain access create configmaps

  # may bob delete the secret "a" in the namespace "shop"?
  kcp explain access delete secrets/a -n shop --as bob --as-group staff

  # of another workspace; of a path; of a subresource; of a service account
  kcp explain access list widgets.demo.dev -w :root:acme:web
  kcp explain access get /metrics
  kcp explain access update widgets --subresource status
  kcp explain access get secrets --as system:serviceaccount:default:robot`;

/** `kcp explain access`: exit code 0 when it is allowed, 1 when it is not, 2 when that could not be found out. */
export const explainAccess: Command = {
  name: 'access',
  usage:
    'kcp explain access <verb> <resource>[/<name>] | <verb> </path> [-n <namespace> | -A] [--as <user>] [--as-group <group>] [-o json]',
  short: 'Tells whether somebody may do something in a workspace, and why. The exit code is 0 for yes and 1 for no',
  examples,
  flags: [
    {name: 'namespace', short: 'n', takes: 'name', help: 'The namespace; that of the context, or default, if left out'},
    {name: 'all-namespaces', short: 'A', help: 'In all namespaces'},
    {name: 'subresource', takes: 'name', help: 'A subresource, such as status or scale'},
    {name: 'as', takes: 'user', help: 'Whom it is about, if not you'},
    {name: 'as-group', takes: 'group', help: 'A group of theirs; may be repeated. Everybody is in system:authenticated'},
    {name: 'output', short: 'o', takes: 'format', help: 'json, for programs'},
    workspaceFlag,
    ...connectionFlags.filter(({name}) => name !== 'namespace'),
  ],
  args: {min: 2, max: 2, isStrict: true},
  failed: 2,
  run: explain,
};

async function explain(flags: ParsedFlags, world: World): Promise<number> {
  const output = flags.values.get('output');
  if (output !== undefined && output !== 'json')
    throw new CommandError(`there is no output format ${JSON.stringify(output)}: it must be json`);
  const session = openSession(flags, world);
  const {path: workspace} = currentWorkspace(session);
  const client = session.clientAt(workspace);
  const question = await questionOf(flags, session, client, world);
  const explanation = await ask(client, question, workspace);
  const user = question.subject?.user ?? (await ownName(client, explanation));
  const lines = suggestion(question, user ?? 'NAME', explanation);
  if (output === 'json') world.out(`${JSON.stringify(asDocument(question, explanation, {user, workspace, lines}), undefined, 2)}\n`);
  else world.out(printed({question, explanation, user: question.subject?.user, workspace, lines}));
  return explanation.allowed ? 0 : 1;
}

async function questionOf(flags: ParsedFlags, {context}: Session, client: Client, world: World): Promise<Question> {
  const [verb, typed] = flags.args as readonly [string, string];
  const user = flags.values.get('as');
  const groups = flags.all.get('as-group') ?? [];
  if (user === undefined && groups.length > 0) throw new CommandError('--as-group needs --as: groups belong to somebody');
  const subject = user === undefined ? undefined : {user, groups: [...new Set([...groups, ...everybodysGroups(user)])]};
  if (typed.startsWith('/')) return {verb, what: {path: typed}, subject};
  const slash = typed.indexOf('/');
  const [type, name] = slash < 0 ? [typed, ''] : [typed.slice(0, slash), typed.slice(slash + 1)];
  const resource = await resourceOf(type, client);
  warnOfVerb(verb, world);
  const subresource = flags.values.get('subresource') ?? '';
  const namespace = flags.values.get('namespace') ?? (digString(context.body, 'namespace') || 'default');
  const everywhere = isSet(flags, 'all-namespaces') || !resource.namespaced;
  return {verb, what: {...resource, subresource, name, namespace: everywhere ? '' : namespace}, subject};
}

/** Those of Kubernetes and kcp. Others may mean something to somebody. */
const verbs = [
  ...['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', 'use', 'bind', 'escalate', 'impersonate'],
  ...['approve', 'sign', 'attest', 'access', 'initialize', 'terminate', '*'],
];

function warnOfVerb(verb: string, world: World): void {
  const near = verbs.includes(verb) ? undefined : nearestWord(verb, verbs);
  if (near !== undefined) world.err(`Warning: ${JSON.stringify(verb)} is no verb that the server knows; did you mean ${near}?\n`);
}

type Typed = Pick<AskedResource, 'group' | 'resource' | 'namespaced'>;

async function resourceOf(typed: string, client: Client): Promise<Typed> {
  if (typed === '*') return {group: '*', resource: '*', namespaced: true};
  const types = await resourceTypes(client);
  if (types) return resourceNamed(typed, types);
  // Who may not enter is not told what there is: it is taken as it was written.
  const dot = typed.indexOf('.');
  return dot < 0
    ? {group: '', resource: typed, namespaced: true}
    : {group: typed.slice(dot + 1), resource: typed.slice(0, dot), namespaced: true};
}

const reviewsOf = (resource: string): ResourceRef => ({group: 'authorization.k8s.io', version: 'v1', resource});

async function ask(client: Client, question: Question, workspace: string): Promise<Explanation> {
  const kind = question.subject ? 'SubjectAccessReview' : 'SelfSubjectAccessReview';
  const review = {apiVersion: 'authorization.k8s.io/v1', kind, spec: reviewSpec(question)};
  try {
    return readAnswer(asJson(await client.create(reviewsOf(`${kind.toLowerCase()}s`), review, {explain: 'true'})));
  } catch (err) {
    if (!(err instanceof ApiError) || err.reason !== 'Forbidden') throw err;
    if (!question.subject) return closed(err.message);
    throw new CommandError(`you may not ask about others in ${workspace}: ${err.message}`);
  }
}

const selfReviews: ResourceRef = {group: 'authentication.k8s.io', version: 'v1', resource: 'selfsubjectreviews'};

/** As whom the server knows who asks; out of its refusal, where the workspace is closed. */
async function ownName(client: Client, {reason}: Explanation): Promise<string | undefined> {
  const [, named] = /User "((?:[^"\\]|\\.)+)" cannot/.exec(reason) ?? [];
  if (named !== undefined) return named;
  try {
    const review = {apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview'};
    return digString(asJson(await client.create(selfReviews, review)), 'status', 'userInfo', 'username');
  } catch (err) {
    if (err instanceof ApiError) return undefined;
    throw err;
  }
}

type Around = {readonly user: string | undefined; readonly workspace: string; readonly lines: readonly string[]};

/** For programs. */
const asDocument = (question: Question, {steps, nearestMisses, ...rest}: Explanation, {user, workspace, lines}: Around): object => ({
  ...rest,
  workspace,
  ...(user !== undefined && {user}),
  ...(question.subject && {groups: question.subject.groups}),
  question: reviewSpec({verb: question.verb, what: question.what}),
  steps,
  nearestMisses,
  suggestion: lines,
});
