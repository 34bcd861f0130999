/** A size in characters, bytes, items or entries, as far as it is known before anything runs. */
export type Size = {readonly min: number; readonly max: number};

/** Where Kubernetes' counts end; whatever is beyond is the same. */
export const countMax = 2 ** 64;

export const capped = (count: number): number => Math.min(count, countMax);
export const exactly = (size: number): Size => ({min: size, max: size});
export const atMost = (max: number): Size => ({min: 0, max});
export const unknown: Size = {min: 0, max: countMax};

export const plus = (a: Size, b: Size): Size => ({min: capped(a.min + b.min), max: capped(a.max + b.max)});
export const times = (a: Size, b: Size): Size => ({min: capped(a.min * b.min), max: capped(a.max * b.max)});
export const either = (a: Size, b: Size): Size => ({min: Math.min(a.min, b.min), max: Math.max(a.max, b.max)});

/** What going over something of this size costs at most. */
export const factored = (size: number, factor: number): number => capped(Math.ceil(size * factor));
