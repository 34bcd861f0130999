import type {Controller} from './controller.ts';
import {definitions} from './definitions.ts';
import {garbageCollector} from './garbage-collector.ts';
import {namespaceContents} from './namespace-contents.ts';
import {namespaces} from './namespaces.ts';
import {quotas} from './quotas.ts';
import {workspaces} from './workspaces.ts';

/** Every loop there is. */
export const controllers: readonly Controller[] = [workspaces, namespaces, namespaceContents, definitions, garbageCollector, quotas];
