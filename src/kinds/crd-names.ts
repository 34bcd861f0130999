/** Which names a CustomResourceDefinition gets when several want the same (spec kubernetes-api 6.10). Pure. */
import type {Json, JsonObject} from '../api/json.ts';
import {child, objects, text, texts} from './read.ts';

/** A condition without its time, which the writer sets where the status changes. */
export type NameCondition = {
  readonly type: 'NamesAccepted' | 'Established';
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
};

export type NameDecision = {
  /** To be written to `status.acceptedNames`. */
  readonly acceptedNames: JsonObject;
  /**
   * NamesAccepted, and Established where it changes. Established is Installing, not yet True, when the names have just been
   * accepted: only who serves the resource may say that it is served.
   */
  readonly conditions: readonly NameCondition[];
};

/** Said by whoever serves the resource, once it is served. */
export const establishedCondition: NameCondition = {
  type: 'Established',
  status: 'True',
  reason: 'InitialNamesAccepted',
  message: 'the initial names have been accepted',
};

/**
 * Decides about the names `crd` wants, given the accepted names of the other definitions of its group. A name in use by another is
 * refused; the rest are accepted, and names accepted earlier stay in use until they can be replaced.
 */
export function acceptNames(crd: JsonObject, others: readonly JsonObject[]): NameDecision {
  const wanted = child(child(crd, 'spec'), 'names') ?? {};
  const before = child(child(crd, 'status'), 'acceptedNames') ?? {};
  const used = usedNames(others);
  const accepted: JsonObject = {...before};
  let problem: NameCondition | undefined;
  const refuse = (reason: string, names: readonly string[]): void => {
    const texts = names.map(name => `${JSON.stringify(name)} is already in use`);
    problem = notAccepted(reason, texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`);
  };

  for (const {field, reason, pool} of singleNames) {
    const name = text(wanted, field);
    if (name !== text(before, field) && used[pool].has(name)) refuse(reason, [name]);
    else accepted[field] = name;
  }
  const mine = new Set(texts(before, 'shortNames'));
  const taken = texts(wanted, 'shortNames').filter(name => !mine.has(name) && used.resources.has(name));
  if (taken.length > 0) refuse('ShortNamesConflict', taken);
  else setOrDelete(accepted, 'shortNames', texts(wanted, 'shortNames'));
  setOrDelete(accepted, 'categories', texts(wanted, 'categories'));

  return {acceptedNames: accepted, conditions: [problem ?? namesAccepted, ...establishing(crd, !problem)]};
}

/** Each name is looked up among those of the others. */
export const shortNamesMax = 64;

/** Names by the pools in which they have to be unique; without empty ones. `names` is what is wanted, or what was accepted. */
export function namesOf(names: Json | undefined): Readonly<Record<Pool, readonly string[]>> {
  const given = (...all: readonly string[]): string[] => all.filter(name => name !== '');
  return {
    resources: given(text(names, 'plural'), text(names, 'singular'), ...texts(names, 'shortNames').slice(0, shortNamesMax)),
    kinds: given(text(names, 'kind'), text(names, 'listKind')),
  };
}

/** Whether a definition did not get all the names it wants. */
export const waitsForNames = (crd: JsonObject): boolean =>
  objects(child(crd, 'status'), 'conditions').some(one => one['type'] === 'NamesAccepted' && one['status'] === 'False');

type Pool = 'resources' | 'kinds';
const singleNames: readonly {readonly field: string; readonly reason: string; readonly pool: Pool}[] = [
  {field: 'plural', reason: 'PluralConflict', pool: 'resources'},
  {field: 'singular', reason: 'SingularConflict', pool: 'resources'},
  {field: 'kind', reason: 'KindConflict', pool: 'kinds'},
  {field: 'listKind', reason: 'ListKindConflict', pool: 'kinds'},
];

function usedNames(others: readonly JsonObject[]): Readonly<Record<Pool, ReadonlySet<string>>> {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const other of others) {
    const names = namesOf(child(child(other, 'status'), 'acceptedNames'));
    for (const name of names.resources) resources.add(name);
    for (const name of names.kinds) kinds.add(name);
  }
  return {resources, kinds};
}

const namesAccepted: NameCondition = {type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found'};
const notAccepted = (reason: string, message: string): NameCondition => ({type: 'NamesAccepted', status: 'False', reason, message});

/** Established once, a definition stays so, whatever becomes of its names. */
function establishing(crd: JsonObject, allAccepted: boolean): NameCondition[] {
  const old = objects(child(crd, 'status'), 'conditions').find(one => one['type'] === 'Established');
  if (old?.['status'] === 'True') return [];
  if (allAccepted) return [{...establishedCondition, status: 'False', reason: 'Installing'}];
  return old ? [] : [{type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted'}];
}

function setOrDelete(target: JsonObject, field: 'shortNames' | 'categories', names: readonly string[]): void {
  if (names.length > 0) target[field] = [...names];
  else delete target[field];
}
