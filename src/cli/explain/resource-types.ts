/** What a workspace serves, and which of it somebody means by a word (spec kubernetes-api 7.1). */
import {ApiError} from '../../api/errors.ts';
import type {Json} from '../../api/json.ts';
import {dig, digString} from '../../api/json.ts';
import {nearestWord} from '../../api/near-words.ts';
import type {Client} from '../../client/client.ts';
import {CommandError} from '../world.ts';

export type ResourceType = {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly kind: string;
  readonly namespaced: boolean;
  readonly subresources: readonly string[];
};

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Everything there is; undefined when the workspace does not tell. */
export async function resourceTypes(client: Client): Promise<readonly ResourceType[] | undefined> {
  try {
    const lists = await Promise.all(['/api', '/apis'].map(path => client.read(path, aggregated)));
    return lists.flatMap(typesIn);
  } catch (err) {
    if (err instanceof ApiError && (err.reason === 'Forbidden' || err.reason === 'NotFound' || err.reason === 'NotAcceptable'))
      return undefined;
    throw err;
  }
}

const items = (from: Json | undefined, ...path: string[]): readonly Json[] => {
  const found = dig(from, ...path);
  return Array.isArray(found) ? found : [];
};
const texts = (from: Json | undefined, key: string): readonly string[] => items(from, key).filter(one => typeof one === 'string');

const typesIn = (list: Json): readonly ResourceType[] =>
  items(list, 'items').flatMap(group =>
    items(group, 'versions').flatMap(version =>
      items(version, 'resources').map(resource => ({
        group: digString(group, 'metadata', 'name') ?? '',
        version: digString(version, 'version') ?? '',
        resource: digString(resource, 'resource') ?? '',
        singular: digString(resource, 'singularResource') ?? '',
        shortNames: texts(resource, 'shortNames'),
        kind: digString(resource, 'responseKind', 'kind') ?? '',
        namespaced: digString(resource, 'scope') === 'Namespaced',
        subresources: items(resource, 'subresources').map(one => digString(one, 'subresource') ?? ''),
      })),
    ),
  );

/** `widgets`, `widget`, `wd`, `Widget`, `widgets.demo.dev`, `widgets.v1.demo.dev`; `types` in the order in which the server prefers them. */
export function resourceNamed(typed: string, types: readonly ResourceType[]): ResourceType {
  const word = typed.toLowerCase();
  const found = types.find(type => isNamed(type, word)) ?? byGroup(word, types);
  if (found) return found;
  const [bare = '', ...group] = word.split('.');
  const near = nearestWord(bare, types.flatMap(({resource, singular, shortNames}) => [resource, singular, ...shortNames]).filter(Boolean));
  const nearGroup = near === bare ? groupsOf(bare, types) : '';
  const hint = near === undefined ? '' : near === bare && group.length > 0 ? `; there is one in ${nearGroup}` : `; did you mean ${near}?`;
  throw new CommandError(`the workspace doesn't have a resource type ${JSON.stringify(typed)}${hint}`);
}

const isNamed = ({resource, singular, shortNames, kind}: ResourceType, word: string): boolean =>
  resource === word || singular === word || kind.toLowerCase() === word || shortNames.includes(word);

function byGroup(word: string, types: readonly ResourceType[]): ResourceType | undefined {
  const dot = word.indexOf('.');
  if (dot < 0) return undefined;
  const [bare, rest] = [word.slice(0, dot), word.slice(dot + 1)];
  return types.find(type => isNamed(type, bare) && (type.group === rest || `${type.version}.${type.group}` === rest));
}

const groupsOf = (bare: string, types: readonly ResourceType[]): string =>
  [...new Set(types.filter(type => isNamed(type, bare)).map(({group}) => group || 'the core group'))].join(', ');
