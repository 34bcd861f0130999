/** Writes from the end to the start: what encloses something is written after it, when its length is known, so nothing is copied twice. */
export class BackwardWriter {
  #buffer = Buffer.allocUnsafe(16 * 1024);
  /** Where what was written begins. */
  #start = this.#buffer.length;

  get length(): number {
    return this.#buffer.length - this.#start;
  }

  /** What was written, last piece first. */
  bytes(): Uint8Array {
    return new Uint8Array(this.#buffer.subarray(this.#start));
  }

  text(text: string): void {
    const at = this.#reserve(Buffer.byteLength(text));
    this.#buffer.write(text, at);
  }

  /** A number from 0 to 2^31-1 in protobuf's base 128. */
  varint(value: number): void {
    const size = value < 1 << 7 ? 1 : value < 1 << 14 ? 2 : value < 1 << 21 ? 3 : value < 1 << 28 ? 4 : 5;
    let at = this.#reserve(size);
    let rest = value;
    for (let left = size; left > 1; left--) {
      this.#buffer[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[at] = rest;
  }

  #reserve(size: number): number {
    if (size > this.#start) {
      const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.length + size));
      const start = grown.length - this.length;
      this.#buffer.copy(grown, start, this.#start);
      this.#buffer = grown;
      this.#start = start;
    }
    this.#start -= size;
    return this.#start;
  }
}
