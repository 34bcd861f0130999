import type {Step} from '../auth/steps.ts';

/** Where those who answer a request note what its audit record is to tell. */
export type Notes = {
  /** The first word on a key counts. */
  note(key: string, value: string): void;
};

/** What authorizers said, of the request itself or of what it asks about: each in a domain of its own (spec kcp 7.7). */
export function noteSteps(notes: Notes, domain: string, steps: readonly Step[]): void {
  for (const {authorizer, decision, reason} of steps) {
    notes.note(`${domain}/${authorizer}-decision`, decision);
    notes.note(`${domain}/${authorizer}-reason`, reason);
  }
}

/** Notes for somebody else's record: they go back with the reply. */
export class GatheredNotes implements Notes {
  readonly all: (readonly [key: string, value: string])[] = [];

  note(key: string, value: string): void {
    this.all.push([key, value]);
  }
}
