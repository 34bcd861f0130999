import type {Json, JsonObject} from '../api/json.ts';
import {dig, digString, isObject, stringify} from '../api/json.ts';
import {parse} from '../api/parse-json.ts';

/** Who made a workspace, as it is written down. */
export type Creator = {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: {readonly [key: string]: readonly string[]};
};

/** Service accounts go by another name abroad, lest the new workspace's own account of that name be its administrator (spec kcp 7.2). */
export function nameInside({name, extra}: Creator): string {
  const home = extra?.['authentication.kcp.io/cluster-name']?.[0];
  const prefix = 'system:serviceaccount:';
  return home && name.startsWith(prefix) ? `system:kcp:serviceaccount:${home}:${name.slice(prefix.length)}` : name;
}

export const userInfo = ({name, uid, groups, extra}: Creator): JsonObject => ({
  username: name,
  ...(uid && {uid}),
  groups: [...groups],
  ...(extra && {extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]]))}),
});

/** The creator as the owner annotation has it; once the workspace is ready only the name is kept (spec kcp 4.2). */
export const ownerText = (creator: Creator, phase: 'Scheduling' | 'Initializing' | 'Ready'): string =>
  stringify(phase === 'Ready' ? {username: creator.name} : userInfo(creator));

/** Reads what `ownerText` wrote; undefined for anything else. */
export function readOwner(text: string | undefined): Creator | undefined {
  const info = text === undefined ? undefined : wellFormed(text);
  const name = digString(info, 'username');
  if (!name) return undefined;
  const uid = digString(info, 'uid');
  const extra = dig(info, 'extra');
  return {
    name,
    ...(uid && {uid}),
    groups: texts(dig(info, 'groups')),
    ...(isObject(extra) && {extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, texts(values)]))}),
  };
}

const texts = (value: Json | undefined): string[] => (Array.isArray(value) ? value.filter(one => typeof one === 'string') : []);

function wellFormed(text: string): Json | undefined {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
