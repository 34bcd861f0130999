/** The word that was meant, most likely; undefined when none is near. */
export function nearestWord(typed: string, known: readonly string[]): string | undefined {
  let nearest: {readonly word: string; readonly far: number} | undefined;
  for (const word of known) {
    const far = distance(typed, word);
    if (nearest === undefined || far < nearest.far) nearest = {word, far};
  }
  return nearest && nearest.far <= Math.max(2, typed.length / 3) ? nearest.word : undefined;
}

/** How many letters to add, drop or change. */
function distance(a: string, b: string): number {
  let row = Array.from({length: b.length + 1}, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
