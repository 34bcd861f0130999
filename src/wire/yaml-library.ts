import {createRequire} from 'node:module';

/** The YAML library, loaded when the first YAML comes: a server is started more often than it is sent any. */
export function yaml(): typeof import('yaml') {
  loaded ??= createRequire(import.meta.url)('yaml') as typeof import('yaml');
  return loaded;
}

let loaded: typeof import('yaml') | undefined;
