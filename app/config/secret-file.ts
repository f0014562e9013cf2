// Reads a small file that a setting names, without waiting for one that never ends or never begins.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** No secret is longer: a longer file is another kind of file. */
const SECRET_BYTES_MAX = 65_536;

/** The bytes of the file, or why they cannot be had, as the end of a sentence that begins with its name. */
export function readSecretFile(path: string): { bytes: Buffer } | { reason: string } {
  let descriptor: number | null = null;
  try {
    // Opening a FIFO would wait for a writer, and some files of the system wait for what is not there yet.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(descriptor);
    if (stat.isDirectory()) return { reason: 'cannot be read (EISDIR)' };
    if (!stat.isFile()) return { reason: 'is not a regular file' };
    const bytes = readUpTo(descriptor, SECRET_BYTES_MAX + 1);
    return bytes.length > SECRET_BYTES_MAX
      ? { reason: `is longer than ${SECRET_BYTES_MAX} bytes` }
      : { bytes };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return { reason: `cannot be read (${code})` };
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

function readUpTo(descriptor: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  for (let got = -1; got !== 0 && filled < length; filled += got)
    got = readSync(descriptor, buffer, filled, length - filled, null);
  return buffer.subarray(0, filled);
}
