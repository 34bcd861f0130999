/** Something wrong with an expression, found before it runs. */
export type Issue = {
  /** Where in the source, in UTF-16 units from its start. */
  readonly at: number;
  readonly message: string;
};

/** Thrown by lexer and parser for the first thing that is malformed. */
export class SyntaxIssue extends Error {
  readonly at: number;

  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

/** Issues reported for one expression; what follows is mostly their consequence. */
const issuesMax = 100;

/**
 * The report of issues as Kubernetes' users know it: for each `ERROR: <input>:LINE:COLUMN: MESSAGE`, the line of the source, and a
 * mark below it. Lines and columns count from 1, columns in code points.
 */
export function formatIssues(source: string, issues: readonly Issue[]): string {
  const sorted = [...issues].sort((a, b) => a.at - b.at).slice(0, issuesMax);
  let report = '';
  for (const issue of sorted) {
    if (report.length > reportCharsMax) break;
    report += (report && '\n') + formatIssue(source, issue);
  }
  return report;
}

/** Behind this much of a report nothing is added. */
const reportCharsMax = 50_000;
/** Of a longer line only this much is shown: an error must not echo a megabyte. */
const lineCharsMax = 10_000;

function formatIssue(source: string, {at, message}: Issue): string {
  const start = source.lastIndexOf('\n', at - 1) + 1;
  const end = source.indexOf('\n', start);
  const line = source.slice(start, end < 0 ? source.length : end).replaceAll('\t', ' ');
  const before = [...source.slice(start, at)];
  const lineNumber = source.slice(0, start).split('\n').length;
  const place = `ERROR: <input>:${lineNumber}:${before.length + 1}: ${message}`;
  if (line.length > lineCharsMax) return `${place}\n | ${line.slice(0, lineCharsMax)}...`;
  // Marks as wide as what they stand below.
  const dots = before.map(c => (c > '\x7f' ? '．' : '.')).join('');
  const mark = (source[at] ?? '') > '\x7f' ? '＾' : '^';
  return `${place}\n | ${line}\n | ${dots}${mark}`;
}
