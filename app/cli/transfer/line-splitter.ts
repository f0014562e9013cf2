// Splits a stream of bytes into lines of bounded length.
import { CommandError } from '../exit.ts';

/** A longer row is reported and skipped. The default limit of a webhook's body. */
const ROW_BYTES_MAX = 1_048_576;
/** A line that does not end in so many bytes means that this is another kind of file, or one without an end. */
const SKIPPED_BYTES_MAX = 64 * 1_048_576;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export interface RowLine {
  /** Counted from 1. */
  readonly number: number;
  /** Without the line end; null where the line is too long. */
  readonly bytes: Buffer | null;
}

export class LineSplitter {
  #parts: Buffer[] = [];
  #length = 0;
  #number = 0;

  /** Yields the lines that end in this chunk. Throws CommandError where one does not end. */
  *of(chunk: Buffer): Generator<RowLine> {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start);
      if (end === -1) break;
      yield this.#line(chunk.subarray(start, end));
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  /** Returns the last line where the input does not end with a line end, else null. */
  rest(): RowLine | null {
    return this.#length === 0 ? null : this.#line(Buffer.alloc(0));
  }

  #line(last: Buffer): RowLine {
    this.#keep(last);
    const tooLong = this.#length > ROW_BYTES_MAX;
    const whole = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    this.#number += 1;
    if (tooLong || whole === undefined) return { number: this.#number, bytes: null };
    const end = whole.at(-1) === CARRIAGE_RETURN ? whole.length - 1 : whole.length;
    return { number: this.#number, bytes: whole.subarray(0, end) };
  }

  #keep(part: Buffer): void {
    this.#length += part.length;
    if (this.#length <= ROW_BYTES_MAX) this.#parts.push(part);
    else this.#parts = [];
    if (this.#length > SKIPPED_BYTES_MAX)
      throw new CommandError(
        `line ${this.#number + 1} is longer than ${SKIPPED_BYTES_MAX} bytes: this is no NDJSON`,
      );
  }
}
