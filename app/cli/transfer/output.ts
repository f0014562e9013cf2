// The output of an export: stdout, or a file that gets its name only when it is complete.
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { once } from 'node:events';
import { dirname, resolve } from 'node:path';

/** Characters that are buffered before they are written. */
const WRITE_UNITS = 262_144;

export interface Output {
  /** Writes text. Resolves when more may be written. */
  write(text: string): Promise<void>;
  /** Makes what was written durable, and renames it to its final name. */
  finish(): Promise<void>;
  /** Removes what was written. */
  discard(): void;
}

export function toStdout(): Output {
  let waiting = '';
  const flush = async (): Promise<void> => {
    const text = waiting;
    waiting = '';
    if (text !== '' && !process.stdout.write(text)) await once(process.stdout, 'drain');
  };
  return {
    write: async (text) => {
      waiting += text;
      if (waiting.length >= WRITE_UNITS) await flush();
    },
    finish: flush,
    discard: () => undefined,
  };
}

/** Writes to a temporary file beside the target, and renames it at the end. Throws what the system throws. */
export function toFile(file: string): Output {
  const target = resolve(file);
  const partial = `${target}.partial-${process.pid}`;
  const descriptor = openSync(partial, 'wx', 0o600);
  let waiting = '';
  const flush = (): void => {
    const bytes = Buffer.from(waiting);
    waiting = '';
    for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
  };
  return {
    write: (text) => {
      waiting += text;
      if (waiting.length >= WRITE_UNITS) flush();
      return Promise.resolve();
    },
    finish: () => {
      flush();
      fsyncSync(descriptor);
      closeSync(descriptor);
      renameSync(partial, target);
      const directory = openSync(dirname(target), 'r');
      fsyncSync(directory);
      closeSync(directory);
      return Promise.resolve();
    },
    discard: () => rmSync(partial, { force: true }),
  };
}
