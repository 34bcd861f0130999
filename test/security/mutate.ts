/**
 * Preloaded into a process of its own (`node --import`), changes one line of the sources as they are loaded: what MUTANT says, as JSON of `Mutant`. Tests
 * that guard the line must fail then.
 */
import {registerHooks} from 'node:module';

export type Mutant = {
  /** The end of the path of a source. */
  readonly file: string;
  /** What stands there, once. */
  readonly find: string;
  readonly replace: string;
};

const text = process.env['MUTANT'];
if (text !== undefined) {
  const {file, find, replace} = JSON.parse(text) as Mutant;
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.endsWith(file)) return loaded;
      const source = Buffer.from(loaded.source as Uint8Array).toString();
      if (source.split(find).length !== 2) throw new Error(`${file} does not hold once: ${find}`);
      return {...loaded, source: source.replace(find, () => replace)};
    },
  });
}
