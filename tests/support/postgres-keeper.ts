// A process that outlives the tests by a moment: it ends a PostgreSQL server in order when they are gone, and removes what it had.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { bounded } from './bounded.ts';

/** Frees the shared memory that a killed server left, which the file of its process in the data directory $data names. */
export const FREE_MEMORY = `
  memory=$(sed -n 7p "$data/postmaster.pid" 2>/dev/null | { read -r key id; echo "$id"; })
  [ -z "$memory" ] || ipcrm -m "$memory" 2>/dev/null
`;

/**
 * Waits for the end of its input, which comes when the tests are gone, however they went. Then it ends the server
 * that it was told of last, at once, and removes all that it had.
 */
const KEEP = `
  while read -r line; do pid=$line; done
  left=100
  [ -z "$pid" ] || kill -QUIT "$pid" 2>/dev/null
  while [ $left -gt 0 ] && [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; do
    sleep 0.05
    left=$((left - 1))
  done
  data=$1/data
  ${FREE_MEMORY}
  rm -rf "$1"
`;

/** Keeps one server and its directory. */
export class PostgresKeeper {
  readonly #child: ChildProcess;
  readonly #input: Socket;

  constructor(directory: string) {
    // In a session of its own, so that Ctrl-C does not end it before its work; nothing waits for it.
    this.#child = spawn('sh', ['-c', KEEP, 'sh', directory], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#input = this.#child.stdin as Socket;
    // Somebody may have ended it: then what it keeps stays behind, and the tests go on.
    this.#input.on('error', () => undefined);
    this.#child.unref();
    this.#input.unref();
  }

  /** The server has this process now. */
  hold(pid: number): void {
    this.#input.write(`${pid}\n`);
  }

  /** The server has ended: its number may soon be another's. */
  release(): void {
    if (!this.#input.writableEnded) this.#input.write('\n');
  }

  /** Has the work done now, and waits for it. */
  async end(): Promise<void> {
    this.#child.ref();
    const gone = once(this.#child, 'exit');
    this.#input.end();
    await bounded(gone, () => 'the end of PostgreSQL');
  }
}
