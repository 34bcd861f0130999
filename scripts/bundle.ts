/**
 * Joins the sources into a few JavaScript files in `dist`: they load in half the time of some two hundred modules, and are what is published, since Node
 * strips no types below node_modules. The launchers in `bin` use them for as long as no source is newer.
 */
import {readFileSync, rmSync} from 'node:fs';
import {stripTypeScriptTypes} from 'node:module';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {rollup} from '@rollup/wasm-node';

const top = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const source = (path: string): string => join(top, 'src', path);
const target = join(top, 'dist');

/** Entry points by where they come to lie: two folders deep, as in `src`, so that paths relative to them stay the same. */
const input = {
  'main/main': source('main/main.ts'),
  'main/worker': source('storage/embedded/worker.ts'),
  'main/heavy-worker': source('main/heavy-worker.ts'),
  'cli/kubectl-ws': source('cli/kubectl-ws.ts'),
  'cli/kubectl-create-workspace': source('cli/kubectl-create-workspace.ts'),
};

const bundle = await rollup({
  input,
  external: id => !id.startsWith('.') && !id.startsWith('/'),
  // Nothing in our modules acts when it is loaded, but rollup would have to prove that.
  treeshake: false,
  plugins: [
    {
      name: 'typescript',
      resolveId: (id, importer) => (importer && id.startsWith('.') ? resolve(dirname(importer), id) : undefined),
      // Workers are started by their URL, which no bundler follows.
      load: id => stripTypeScriptTypes(readFileSync(id, 'utf8').replace(/new URL\('(.\/[a-z-]*worker).ts'/, "new URL('$1.js'")),
    },
  ],
});
rmSync(target, {recursive: true, force: true});
await bundle.write({dir: target, format: 'es', entryFileNames: '[name].js', chunkFileNames: 'shared/[name]-[hash].js', sourcemap: false});
await bundle.close();
