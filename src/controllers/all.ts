import type {AccountTokens} from '../auth/account-tokens.ts';
import {accountSecrets} from './account-secrets.ts';
import {aggregatedRoles} from './aggregated-roles.ts';
import type {Controller} from './controller.ts';
import {definitions} from './definitions.ts';
import {garbageCollector} from './garbage-collector.ts';
import {namespaceContents} from './namespace-contents.ts';
import {namespaces} from './namespaces.ts';
import {policyTypes} from './policy-types.ts';
import {quotas} from './quotas.ts';
import {workspaceTypes} from './workspace-types.ts';
import {workspaces} from './workspaces.ts';

/** Every loop there is. */
export const allControllers = (tokens: AccountTokens): readonly Controller[] => [
  workspaces,
  workspaceTypes,
  namespaces,
  namespaceContents,
  accountSecrets(tokens),
  definitions,
  garbageCollector,
  quotas,
  aggregatedRoles,
  policyTypes,
];
