// What a test leaves behind is removed here: directories, child processes, and both also when the test run itself is ended.
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { hold, release } from './leash.ts';

/** Runs functions after a test: a `TestContext`, or `{ after }` of `node:test` for a whole file. */
export interface Cleaner {
  after(clean: () => Promise<void> | void): void;
}

const children = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
// A signal ends the process without an 'exit' event unless someone listens for it.
const ENDS = { SIGTERM: () => process.exit(143), SIGINT: () => process.exit(130) } as const;
process.once('SIGTERM', ENDS.SIGTERM);
process.once('SIGINT', ENDS.SIGINT);

/**
 * From now on the first SIGTERM or SIGINT aborts the returned signal, for the process to end at a place of its choice. The next one
 * ends it at once.
 */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.removeListener(signal, ENDS[signal]);
    process.once(signal, () => {
      controller.abort();
      process.once(signal, ENDS[signal]);
    });
  }
  return controller.signal;
}

/** Room that a directory in memory must have. */
const MEMORY_BYTES_MIN = 1_073_741_824;

/** Makes an empty directory, below `parent`, that is removed after the test. Returns its absolute path. */
export function temporaryDirectory(t: Cleaner, parent = tmpdir()): string {
  const directory = mkdtempSync(join(parent, 'oncebox-test-'));
  t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  return directory;
}

/** The same in memory, for files that need not be on a disk, where the system has a place for that with enough room. */
export function memoryDirectory(t: Cleaner): string {
  const memory = '/dev/shm';
  try {
    const { bavail, bsize } = statfsSync(memory);
    if (bavail * bsize >= MEMORY_BYTES_MIN) return temporaryDirectory(t, memory);
  } catch {
    // Not on every system.
  }
  return temporaryDirectory(t);
}

/** Sees to it that `child` is dead after the test, whatever becomes of the test. */
export function endAfter(t: Cleaner, child: ChildProcess): void {
  const { pid } = child;
  // It could not be started, so nothing has to end.
  if (pid === undefined) return;
  children.add(child);
  hold(pid);
  const closed = new Promise<void>((resolve) => {
    child.once('exit', () => {
      release(pid);
    });
    child.once('close', () => {
      children.delete(child);
      resolve();
    });
  });
  t.after(async () => {
    child.kill('SIGKILL');
    await closed;
  });
}
