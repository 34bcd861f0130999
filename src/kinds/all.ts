import {configMap} from './config-map.ts';
import type {Kind} from './kind.ts';
import {namespace} from './namespace.ts';
import {secret} from './secret.ts';
import {serviceAccount} from './service-account.ts';

/** The kinds of Kubernetes that every workspace serves (spec kcp 3.10), in the order of discovery (spec kubernetes-api 7.1.5). */
export const builtIn: readonly Kind[] = [configMap, namespace, secret, serviceAccount];

/** The kinds of kcp. */
export const system: readonly Kind[] = [];
