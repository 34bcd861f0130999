/**
 * What the process says to people, one line an event, on standard error. Writing never waits: a reader that stops reading costs lines, not time. Never
 * hand it header values, bodies or tokens.
 */
import {write as writeFile, writeSync} from 'node:fs';

export type Level = 'debug' | 'info' | 'warn' | 'error';

/** Errors are printed with their stack at levels `error` and `debug`, by their message otherwise. */
export type Fields = {readonly [key: string]: unknown};

export type Log = {
  readonly debug: (message: string, fields?: Fields) => void;
  readonly info: (message: string, fields?: Fields) => void;
  readonly warn: (message: string, fields?: Fields) => void;
  readonly error: (message: string, fields?: Fields) => void;
};

export type Line = {readonly time: Date; readonly level: Level; readonly message: string; readonly fields: Fields};

const rank: {readonly [level in Level]: number} = {debug: 0, info: 1, warn: 2, error: 3};

/** A log from `level` up. `write` takes whole lines. */
export function createLog(options: {
  readonly level: Level;
  readonly format: 'text' | 'json';
  readonly write: (line: string) => void;
  readonly now: () => Date;
}): Log {
  const print = options.format === 'json' ? jsonLine : textLine;
  const at =
    (level: Level) =>
    (message: string, fields: Fields = {}): void => {
      if (rank[level] >= rank[options.level]) options.write(print({time: options.now(), level, message, fields}));
    };
  return {debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error')};
}

/** `12:30:05.123 INFO  ready  port=6443 name="two words"` */
export function textLine(line: Line): string {
  const fields = Object.entries(line.fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${plain(printed(value, line.level))}`)
    .join('');
  return `${line.time.toISOString().slice(11, 23)} ${line.level.toUpperCase().padEnd(5)} ${escaped(line.message)}${fields && ` ${fields}`}\n`;
}

/** One JSON object a line, as collectors want it. */
export function jsonLine(line: Line): string {
  const fields = Object.fromEntries(
    Object.entries(line.fields).map(([key, value]) => [
      key,
      typeof value === 'number' || typeof value === 'boolean' ? value : printed(value, line.level),
    ]),
  );
  return `${JSON.stringify({...fields, ts: line.time.toISOString(), level: line.level, msg: line.message})}\n`;
}

function printed(value: unknown, level: Level): string {
  if (value instanceof Error) return (level === 'error' || level === 'debug' ? value.stack : undefined) ?? value.message;
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  return String(value);
}

const plain = (text: string): string =>
  /^[\w.:/@+-]+$/.test(text) ? text : text.includes('\n    at ') ? `\n${text}` : JSON.stringify(text);

/** What a foreign text may not do to a terminal or to the next line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const escaped = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, char => JSON.stringify(char).slice(1, -1));

/** Bytes of lines that may wait for a slow reader; what comes beyond is counted and dropped. */
const waitingBytesMax = 1024 * 1024;

/**
 * Whole lines to a file descriptor, from a thread of the pool, one write at a time. `flush` writes what waits at once, for the end of the process.
 */
export function lineWriter(descriptor: number): {readonly write: (line: string) => void; readonly flush: () => void} {
  let waiting = '';
  let dropped = 0;
  let busy = false;

  const next = (): void => {
    if (busy || waiting === '') return;
    const bytes = Buffer.from(dropped > 0 ? `${waiting}${dropped} lines of the log were dropped\n` : waiting);
    waiting = '';
    dropped = 0;
    busy = true;
    writeAll(bytes);
  };
  const writeAll = (bytes: Buffer): void =>
    writeFile(descriptor, bytes, (err, written) => {
      if (err?.code === 'EAGAIN') setTimeout(writeAll, 10, bytes).unref();
      else if (!err && written < bytes.length) writeAll(bytes.subarray(written));
      else {
        busy = false;
        next();
      }
    });

  return {
    write: line => {
      if (waiting.length + line.length > waitingBytesMax) dropped++;
      else waiting += line;
      next();
    },
    flush: () => {
      const rest = waiting;
      waiting = '';
      try {
        if (rest) writeSync(descriptor, rest);
      } catch {
        // Nobody is left to tell.
      }
    },
  };
}
