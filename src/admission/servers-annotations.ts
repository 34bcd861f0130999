import type {KubeObject} from '../api/object.ts';
import {serversAnnotations} from '../tenancy/names.ts';

/** Puts the server's own annotations back as they were, whatever a client made of them. */
export function keepServersAnnotations({metadata}: KubeObject, old: KubeObject | undefined): void {
  const kept = Object.entries(metadata.annotations ?? {}).filter(([key]) => !serversAnnotations.includes(key));
  const before = Object.entries(old?.metadata.annotations ?? {}).filter(([key]) => serversAnnotations.includes(key));
  metadata.annotations = Object.fromEntries([...kept, ...before]);
}
