/**
 * The cases of spec kubernetes-api 13 that no test here or in ../strangers holds, and why: who serves one deletes its line. `cases.test.ts` sees to it that
 * every case is either tested or listed.
 */
export const notYet: {readonly [number: number]: string} = {
  17: 'the limit of bodies belongs to the listener: src/main/listen.test.ts',
};

/**
 * The sections whose cases are meant, from and to: 13.1 to 13.10, and 13.11 but for what Go and Java programs do, which is seen by hand.
 */
export const sections: readonly (readonly [number, number])[] = [[1, 219]];
