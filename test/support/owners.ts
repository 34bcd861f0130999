import type {Answer, Api} from './api-client.ts';
import {succeeded} from './place.ts';

/** An owner reference to what an answer shows. */
export function ownedBy(owner: Answer, more: object = {}): object {
  const {name, uid} = owner.at('metadata') as {name: string; uid: string};
  return {apiVersion: owner.at('apiVersion'), kind: owner.at('kind'), name, uid, ...more};
}

/** The finalizers of an object; [] when it has none, undefined when it is gone. */
export async function finalizersAt(api: Api, path: string): Promise<readonly string[] | undefined> {
  const answer = await api.get(path);
  if (answer.status === 404) return undefined;
  return (succeeded(answer).at('metadata', 'finalizers') ?? []) as readonly string[];
}

/** The names of the owners of an object. */
export async function ownersAt(api: Api, path: string): Promise<readonly string[]> {
  const owners = (succeeded(await api.get(path)).at('metadata', 'ownerReferences') ?? []) as readonly {name: string}[];
  return owners.map(owner => owner.name);
}
