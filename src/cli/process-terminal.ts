import type {Terminal} from './world.ts';

const codes = {
  alternateScreen: '\u001b[?1049h',
  mainScreen: '\u001b[?1049l',
  hideCursor: '\u001b[?25l',
  showCursor: '\u001b[?25h',
  home: '\u001b[H',
  clearToEndOfLine: '\u001b[K',
  clearBelow: '\u001b[J',
} as const;

/** The terminal of the given process; undefined when its input or output is none. */
export function processTerminal({stdin, stdout}: NodeJS.Process): (() => Terminal) | undefined {
  if (!stdin.isTTY || !stdout.isTTY) return undefined;
  return () => {
    stdin.setRawMode(true);
    stdin.setEncoding('utf8');
    stdout.write(codes.alternateScreen + codes.hideCursor);
    return {
      keys: keysOf(stdin),
      // Terminals that do not know their size say 0.
      size: () => ({columns: stdout.columns || 80, rows: stdout.rows || 24}),
      show: lines => void stdout.write(`${codes.home}${lines.map(line => line + codes.clearToEndOfLine).join('\r\n')}${codes.clearBelow}`),
      close: () => {
        stdout.write(codes.showCursor + codes.mainScreen);
        stdin.setRawMode(false);
        stdin.pause();
      },
    };
  };
}

/** One read may bring several keys, and arrows are three characters each. */
async function* keysOf(stdin: NodeJS.ReadStream): AsyncGenerator<string> {
  for await (const text of stdin.iterator({destroyOnReturn: false})) yield* String(text).match(/\p{Cc}[[O][A-Z]|./gsu) ?? [];
}
