// Splits bytes into lines with their numbers: of a chunk at a time, or of a file or standard input as a whole.
import { addAbortSignal } from 'node:stream';
import { CommandError } from './exit.ts';
import { openInput } from './input.ts';

/** A longer line than any message can be means that this is another kind of file, or one without an end. */
const LINE_BYTES_MAX = 64 * 1_048_576;
const READ_BYTES = 262_144;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export interface Line {
  /** Counted from 1. */
  readonly number: number;
  /** Without the line feed, and without the carriage return before it. */
  readonly bytes: Buffer;
}

/** A line that is not kept where it is too long. */
export type BoundedLine = Omit<Line, 'bytes'> & { readonly bytes: Buffer | null };

export class LineSplitter {
  readonly #keptBytesMax: number;
  readonly #lineBytesMax: number;
  #parts: Buffer[] = [];
  #length = 0;
  #number = 0;

  /** A line of more than `keptBytesMax` bytes is yielded without its bytes; one of more than `lineBytesMax` is an error. */
  constructor(keptBytesMax = LINE_BYTES_MAX, lineBytesMax = LINE_BYTES_MAX) {
    this.#keptBytesMax = keptBytesMax;
    this.#lineBytesMax = lineBytesMax;
  }

  /** Yields the lines that end in this chunk. Throws CommandError where one does not end. */
  *of(chunk: Buffer): Generator<BoundedLine> {
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
  rest(): BoundedLine | null {
    return this.#length === 0 ? null : this.#line(Buffer.alloc(0));
  }

  #line(last: Buffer): BoundedLine {
    this.#keep(last);
    const tooLong = this.#length > this.#keptBytesMax;
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
    if (this.#length <= this.#keptBytesMax) this.#parts.push(part);
    else this.#parts = [];
    if (this.#length > this.#lineBytesMax)
      throw new CommandError(`line ${this.#number + 1} is longer than ${this.#lineBytesMax} bytes`);
  }
}

/**
 * Yields the lines of `file`, or of standard input for `-`. Empty ones are skipped, but counted. Throws CommandError
 * where one never ends, what the system throws, and AbortError when `signal` is aborted.
 */
export async function* linesOf(file: string, signal?: AbortSignal): AsyncGenerator<Line> {
  const input = openInput(file === '-' ? null : file, READ_BYTES);
  if (signal !== undefined) addAbortSignal(signal, input);
  const lines = new LineSplitter();
  for await (const chunk of input as AsyncIterable<Buffer>)
    for (const line of lines.of(chunk)) if (isFilled(line)) yield line;
  const rest = lines.rest();
  if (rest !== null && isFilled(rest)) yield rest;
}

function isFilled(line: BoundedLine): line is Line {
  return line.bytes !== null && line.bytes.length > 0;
}
