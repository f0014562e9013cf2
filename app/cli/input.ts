// The files that commands read: checked before anything is created for them, and read so that a signal can end it.
import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  openSync,
  readSync,
  statSync,
} from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { ReadStream, isatty } from 'node:tty';
import { CommandError } from './exit.ts';

/** No service takes a longer body: MAX_BODY_BYTES goes no further. */
export const BODY_BYTES_MAX = 64 * 1_048_576;
const STDIN = 0;
const CHUNK_BYTES = 65_536;

/** Bytes, and how many of them have been read. */
export type Input = Readable & { readonly bytesRead: number };

/** Bytes of the input as far as known, 0 for a FIFO. Throws CommandError where it is not there, or is a directory. */
export function inputBytes(file: string): number {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) throw new CommandError(`${file} does not exist`);
  if (stat.isDirectory()) throw new CommandError(`${file} is a directory`);
  return stat.size;
}

/**
 * Opens a file, or standard input for null. What may wait for a writer, as a pipe does, is read without a
 * thread that waits: such a thread could not be ended. Throws what the system throws.
 */
export function openInput(file: string | null, chunkBytes: number): Input {
  const fd = file === null ? STDIN : openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  if (isatty(fd)) return new ReadStream(fd);
  const stat = fstatSync(fd);
  return stat.isFIFO() || stat.isSocket()
    ? new Socket({ fd, readable: true, writable: false })
    : createReadStream('', { fd, highWaterMark: chunkBytes });
}

/** Reads a file, or standard input for null, to its end. Throws CommandError where it is longer than `bytesMax`. */
export function readWhole(file: string | null, bytesMax: number): Buffer {
  const descriptor = file === null ? STDIN : openSync(file, 'r');
  try {
    const chunks: Buffer[] = [];
    for (let bytes = 0; bytes <= bytesMax;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const got = readSync(descriptor, chunk);
      if (got === 0) return Buffer.concat(chunks, bytes);
      chunks.push(chunk.subarray(0, got));
      bytes += got;
    }
    throw new CommandError(`${file ?? 'standard input'} is longer than ${bytesMax} bytes`);
  } finally {
    if (file !== null) closeSync(descriptor);
  }
}
