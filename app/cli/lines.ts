// Reads the lines of a file or of standard input as bytes, with their numbers.
import { addAbortSignal } from 'node:stream';
import { CommandError } from './exit.ts';
import { openInput } from './input.ts';

/** A longer line than any message can be means that this is another kind of file. */
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

/**
 * Yields the lines of `file`, or of standard input for `-`. Empty ones are skipped, but counted. Throws CommandError
 * where one never ends, what the system throws, and AbortError when `signal` is aborted.
 */
export async function* linesOf(file: string, signal?: AbortSignal): AsyncGenerator<Line> {
  const input = openInput(file === '-' ? null : file, READ_BYTES);
  if (signal !== undefined) addAbortSignal(signal, input);
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let number = 0;
  for await (const chunk of input as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      number += 1;
      const bytes = trimmed(Buffer.concat([...pending, chunk.subarray(start, end)]));
      if (bytes.length > 0) yield { number, bytes };
      pending = [];
      pendingBytes = 0;
      start = end + 1;
    }
    pending.push(chunk.subarray(start));
    pendingBytes += chunk.length - start;
    if (pendingBytes > LINE_BYTES_MAX)
      throw new CommandError(`line ${number + 1} is longer than ${LINE_BYTES_MAX} bytes`);
  }
  const rest = trimmed(Buffer.concat(pending));
  if (rest.length > 0) yield { number: number + 1, bytes: rest };
}

function trimmed(line: Buffer): Buffer {
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}
