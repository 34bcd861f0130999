import type {Kind, Verb} from '../kinds/kind.ts';
import {rootPathOf} from './discovery.ts';
import type {GroupVersionKind} from './openapi-names.ts';
import {capital, definitionName, groupWord, gvkOf, metaDefinition, scaleDefinition} from './openapi-names.ts';
import type {Parameter} from './openapi-parameters.ts';
import {parameters} from './openapi-parameters.ts';

/** One URL of a kind and what can be done there: what both forms of OpenAPI are written from. */
export type Path = {
  readonly path: string;
  /** What every operation of the path takes. */
  readonly parameters: readonly Parameter[];
  readonly operations: readonly Operation[];
};

export type Operation = {
  readonly method: 'delete' | 'get' | 'patch' | 'post' | 'put';
  readonly action: 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'post' | 'put';
  readonly id: string;
  readonly description: string;
  /** The kind of the body and the answer. */
  readonly gvk: GroupVersionKind;
  readonly parameters: readonly Parameter[];
  readonly body?: {readonly definition: string; readonly mediaTypes: readonly string[]; readonly required: boolean};
  /** The definition of the answer and the codes it comes with. */
  readonly answer: {readonly definition: string; readonly codes: readonly number[]; readonly mediaTypes: readonly string[]};
};

/** The URLs of a kind: its collections, its objects and their subresources (spec kubernetes-api 7.4.6-10). */
export function pathsOf(kind: Kind): readonly Path[] {
  const root = rootPathOf(kind.group, kind.version);
  const plural = kind.names.plural;
  const home = kind.namespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`;
  const place = kind.namespaced ? [parameters.namespace, parameters.pretty] : [parameters.pretty];
  const {approval, finalize, status, scale, token} = kind.subresources;
  const whole = {kind, gvk: gvkOf(kind), definition: definitionName(kind, kind.names.kind)};
  const ofScale = {kind, gvk: {group: 'autoscaling', version: 'v1', kind: 'Scale'}, definition: scaleDefinition};
  const parts = ['get', 'update', 'patch'] as const;

  const all: Path[] = [
    {path: home, parameters: place, operations: operations(whole, '', ['list', 'create', 'deletecollection'])},
    ...(kind.namespaced
      ? [{path: `${root}/${plural}`, parameters: [parameters.pretty], operations: operations(whole, 'ForAllNamespaces', ['list'])}]
      : []),
  ];
  const item = (suffix: string, list: readonly Operation[]): void => {
    all.push({path: `${home}/{name}${suffix}`, parameters: [parameters.name, ...place], operations: list});
  };
  item('', operations(whole, '', ['get', 'update', 'patch', 'delete']));
  if (approval) item('/approval', subresource(whole, 'Approval', parts));
  if (finalize) item('/finalize', subresource(whole, 'Finalize', ['update']));
  if (status) item('/status', subresource(whole, 'Status', parts));
  if (scale) item('/scale', subresource(ofScale, 'Scale', parts));
  if (token) {
    const ofToken = {kind, gvk: gvkOf(token), definition: definitionName(token, token.names.kind)};
    item('/token', subresource(ofToken, 'Token', ['create']));
  }
  return all.filter(({operations: some}) => some.length > 0);
}

/** What operations work on: a kind, or what one of its subresources takes. */
type Subject = {readonly kind: Kind; readonly gvk: GroupVersionKind; readonly definition: string};

const operations = (subject: Subject, suffix: string, verbs: readonly (keyof typeof shapes)[]): Operation[] =>
  verbs.filter(verb => subject.kind.verbs.includes(verb)).map(verb => operation(subject, suffix, verb));

const subresource = (subject: Subject, suffix: string, verbs: readonly (keyof typeof shapes)[]): Operation[] =>
  verbs.map(verb => operation(subject, suffix, verb));

const shapes = {
  list: {method: 'get', action: 'list', word: 'list', says: 'Lists or watches objects of kind', codes: [200], parameters: parameters.list},
  create: {method: 'post', action: 'post', word: 'create', says: 'Creates', codes: [200, 201, 202], parameters: parameters.write},
  deletecollection: {
    method: 'delete',
    action: 'deletecollection',
    word: 'delete',
    says: 'Deletes a collection of',
    codes: [200],
    parameters: parameters.deleteCollection,
  },
  get: {method: 'get', action: 'get', word: 'read', says: 'Reads', codes: [200], parameters: []},
  update: {method: 'put', action: 'put', word: 'replace', says: 'Replaces', codes: [200, 201], parameters: parameters.write},
  patch: {method: 'patch', action: 'patch', word: 'patch', says: 'Changes parts of', codes: [200, 201], parameters: parameters.patch},
  delete: {method: 'delete', action: 'delete', word: 'delete', says: 'Deletes', codes: [200, 202], parameters: parameters.delete},
} as const satisfies {readonly [verb in Exclude<Verb, 'watch'>]: object};

function operation(subject: Subject, suffix: string, verb: keyof typeof shapes): Operation {
  const {kind, gvk} = subject;
  const shape = shapes[verb];
  const collection = verb === 'deletecollection' ? 'Collection' : '';
  const scope = kind.namespaced && suffix !== 'ForAllNamespaces' ? 'Namespaced' : '';
  const body = bodyOf(subject, verb);
  return {
    method: shape.method,
    action: shape.action,
    id: `${shape.word}${groupWord(kind.group)}${capital(kind.version)}${collection}${scope}${kind.names.kind}${suffix}`,
    description: `${shape.says} ${kind.names.kind}.`,
    gvk,
    parameters: shape.parameters,
    ...(body && {body}),
    answer: {
      definition: answerOf(subject, verb),
      codes: shape.codes,
      mediaTypes: verb === 'list' ? [...readable, 'application/json;stream=watch'] : readable,
    },
  };
}

const readable = ['application/json', 'application/yaml'];
const writable = [...readable, 'application/vnd.kubernetes.protobuf'];
const patches = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'];
// kubectl reads here whether it may send one: of custom resources nobody knows how their lists merge.
const strategicPatches = [...patches, 'application/strategic-merge-patch+json'];

function bodyOf({kind, definition}: Subject, verb: keyof typeof shapes): Operation['body'] {
  switch (verb) {
    case 'create':
    case 'update':
      return {definition, mediaTypes: kind.custom ? readable : writable, required: true};
    case 'patch':
      return {definition: metaDefinition('Patch'), mediaTypes: kind.custom ? patches : strategicPatches, required: true};
    case 'delete':
    case 'deletecollection':
      return {definition: metaDefinition('DeleteOptions'), mediaTypes: kind.custom ? readable : writable, required: false};
    default:
      return undefined;
  }
}

function answerOf({kind, definition}: Subject, verb: keyof typeof shapes): string {
  if (verb === 'list') return definitionName(kind, kind.names.listKind);
  if (verb === 'deletecollection' || (verb === 'delete' && !kind.strategy.returnsDeleted)) return metaDefinition('Status');
  return definition;
}
