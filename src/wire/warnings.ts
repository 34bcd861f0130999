/** How much of warnings a response carries, in characters of text (spec kubernetes-api 1.5). */
export const warningLimits = {totalCharsMax: 4_096, cutCharsMax: 256} as const;

/**
 * The values of the Warning headers of a response: each text once, those that no header can carry left out. Where all of them together
 * are too long, each is cut short, and what then does not fit is left out too.
 */
export function warningHeaders(texts: readonly string[]): string[] {
  const said = [...new Set(texts)].filter(isPrintable);
  const total = said.reduce((sum, text) => sum + charsOf(text), 0);
  if (total <= warningLimits.totalCharsMax) return said.map(headerOf);
  const kept: string[] = [];
  let left: number = warningLimits.totalCharsMax;
  for (const text of said) {
    const short = cut(text);
    left -= charsOf(short);
    if (left < 0) break;
    kept.push(headerOf(short));
  }
  return kept;
}

const printable = /^[^\p{Cc}\p{Cs}]+$/u;
const isPrintable = (text: string): boolean => printable.test(text);

/** Code points, not UTF-16 units: a cut must not halve a character. */
const charsOf = (text: string): number => (text.length <= warningLimits.cutCharsMax ? text.length : [...text].length);
const cut = (text: string): string =>
  text.length <= warningLimits.cutCharsMax ? text : [...text].slice(0, warningLimits.cutCharsMax).join('');

/** Headers travel as Latin-1: the bytes of the text's UTF-8, one character each. */
const headerOf = (text: string): string => `299 - "${Buffer.from(text.replace(/["\\]/g, '\\$&')).toString('latin1')}"`;
