// Where an export goes: stdout, or a file that has its name only when it is complete.
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { once } from 'node:events';
import { dirname, resolve } from 'node:path';

/** Text that is gathered before it is written. */
const WRITE_UNITS = 262_144;

export interface Output {
  /** Resolves when more may be written. */
  write(text: string): Promise<void>;
  /** All was written: makes it durable, and gives it its name. */
  finish(): Promise<void>;
  /** Leaves nothing behind. */
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

/** Writes beside the file, and renames at the end. Throws what the system throws. */
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
