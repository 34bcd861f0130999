import type {KubeObject} from '../api/object.ts';
import type {Entry} from '../storage/storage.ts';
import type {StoredForm} from './convert.ts';

/** What a write came to: the entry it left in the store, or the object that a dry run would have left, or that was the last before removal. */
export type Changed = {readonly entry: Entry} | {readonly object: KubeObject};

/** What a commit came to. */
export function written({shown}: StoredForm, entry: Entry): Changed {
  if (!shown) return {entry};
  shown.metadata.resourceVersion = String(entry.revision);
  return {object: shown};
}
