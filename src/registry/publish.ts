import {createHash} from 'node:crypto';

/** A document as it travels: its JSON in pieces, and what names its content. */
export type Published = {
  readonly pieces: readonly Uint8Array[];
  /** Upper-case hex, without quotes. */
  readonly etag: string;
};

export const publishLimits = {
  /** What is made between two turns of the event loop, but for a single text that is longer. */
  charactersAtOnce: 96 * 1024,
  /** Documents that would be longer are not made: nobody could keep them at hand. */
  bytesMax: 64 * 1024 * 1024,
} as const;

/**
 * Makes a document of its texts. `turn` lets others in between. The tag is the SHA-512 of the bytes, where none is given.
 * @returns undefined when it would become too long
 */
export async function publish(texts: Iterable<string>, turn: () => Promise<void>, etag?: string): Promise<Published | undefined> {
  const pieces: Uint8Array[] = [];
  const hash = etag === undefined ? createHash('sha512') : undefined;
  let text = '';
  let bytes = 0;
  const flush = (): void => {
    const piece = Buffer.from(text);
    hash?.update(piece);
    pieces.push(piece);
    bytes += piece.length;
    text = '';
  };
  for (const some of texts) {
    text += some;
    if (text.length < publishLimits.charactersAtOnce) continue;
    flush();
    if (bytes > publishLimits.bytesMax) return undefined;
    await turn();
  }
  flush();
  return {pieces, etag: etag ?? hexOf(hash as ReturnType<typeof createHash>)};
}

/** The tag of a document by what it will be made of: all that differs must be in it. */
export const tagFor = (content: string): string => hexOf(createHash('sha512').update(content));

const hexOf = (hash: ReturnType<typeof createHash>): string => hash.digest('hex').toUpperCase();

/** Texts with commas between them. */
export function* joined(texts: Iterable<string>): Generator<string> {
  let first = true;
  for (const text of texts) {
    yield first ? text : `,${text}`;
    first = false;
  }
}
