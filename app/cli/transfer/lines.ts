// Cuts a stream of bytes into lines, each of bounded length.
import { CommandError } from '../exit.ts';

/** As long as the longest body of a webhook, unless MAX_BODY_BYTES says otherwise. */
const LINE_BYTES_MAX = 1_048_576;
/** A line that does not end in so many bytes means that this is another kind of file, or one without an end. */
const SKIPPED_BYTES_MAX = 64 * 1_048_576;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export interface Line {
  /** Counted from 1. */
  readonly number: number;
  /** Without its end; null where it is longer than a line may be. */
  readonly bytes: Buffer | null;
}

export class Lines {
  #parts: Buffer[] = [];
  #length = 0;
  #number = 0;

  /** The lines that end in this chunk. Throws CommandError where one does not end. */
  *of(chunk: Buffer): Generator<Line> {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start);
      if (end === -1) break;
      yield this.#line(chunk.subarray(start, end));
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  /** The last line, where it has no end of its own; null where it has. */
  rest(): Line | null {
    return this.#length === 0 ? null : this.#line(Buffer.alloc(0));
  }

  #line(last: Buffer): Line {
    this.#keep(last);
    const tooLong = this.#length > LINE_BYTES_MAX;
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
    if (this.#length <= LINE_BYTES_MAX) this.#parts.push(part);
    else this.#parts = [];
    if (this.#length > SKIPPED_BYTES_MAX)
      throw new CommandError(
        `line ${this.#number + 1} is longer than ${SKIPPED_BYTES_MAX} bytes: this is no NDJSON`,
      );
  }
}
