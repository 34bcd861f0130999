import {attacks} from './attacks.ts';

/** What the figures should be on 2 cores with durable writes; the rest of the figures explain these. */
export type Budget = {readonly atMost: number} | {readonly atLeast: number};

export const budgets: {readonly [figure: string]: Budget} = {
  ...Object.fromEntries(attacks.map(({name}) => [`${name}: longest wait of another client`, {atMost: 25}])),
  'start, empty': {atMost: 300},
  'start, 100,000 objects': {atMost: 1_000},
  'start, 1,000,000 objects': {atMost: 1_000},
  'idle RSS': {atMost: 120},
  'create, 64 clients: rate': {atLeast: 5_000},
  'get, 64 clients: rate': {atLeast: 25_000},
  ...Object.fromEntries(
    ['admin', 'a user through a role binding', 'a user among 1,000 bindings'].map(who => [
      `get as ${who}, 64 clients: permission adds, cpu`,
      {atMost: 10},
    ]),
  ),
  '10,000 workspaces with permissions of their own: memory each, without pages of files': {atMost: 25},
  '1,000 workspaces with permissions of their own: memory each, without pages of files': {atMost: 25},
  'list 10,000: time': {atMost: 150},
  'list 10,000: longest wait of another client': {atMost: 25},
  '2,000 definitions: time': {atMost: 10_000},
  '2,000 definitions: RSS': {atMost: 400},
  '2,000 definitions: cold discovery': {atMost: 100},
  '2,000 definitions: cold index of OpenAPI': {atMost: 250},
  '2,000 definitions: discovery after one more': {atMost: 100},
  ...Object.fromEntries(
    ['cold discovery', 'cold OpenAPI v3 of 20 kinds', 'cold OpenAPI v2', 'discovery after one more'].map(what => [
      `2,000 definitions: event loop delay of ${what}`,
      {atMost: 25},
    ]),
  ),
  "1000 watchers, all see each write: from the writer's request, p99": {atMost: 15},
  "1000 watchers, 10 see each write: from the writer's request, p99": {atMost: 15},
  'workspaces, 16 clients: rate': {atLeast: 500},
  'workspaces, 16 clients: p99': {atMost: 50},
  '10,000 workspaces: memory each': {atMost: 25},
  '10,000 workspaces: disk each': {atMost: 20},
  '1,000 workspaces: memory each': {atMost: 25},
  '1,000 workspaces: disk each': {atMost: 20},
  'deletion of the tree': {atMost: 10_000},
  'metric series': {atMost: 1_500},
};
