/** Where those who answer a request note what its audit record is to tell. */
export type Notes = {
  /** The first word on a key counts. */
  note(key: string, value: string): void;
};

/** Notes for somebody else's record: they go back with the reply. */
export class GatheredNotes implements Notes {
  readonly all: (readonly [key: string, value: string])[] = [];

  note(key: string, value: string): void {
    this.all.push([key, value]);
  }
}
