// Writing beside a service: short transactions, with pauses in which other processes get the lock.
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailable } from '../../store.ts';
import type { Failure } from '../file/protocol.ts';
import type { Writer } from '../write/writer.ts';

/** How long to wait for another process's lock before giving up. */
const LOCKED_MS_MAX = 60_000;
const RETRY_MS = 100;
/** The file counts as contended for so long after another process's commit. */
const CONTENDED_MS = 5_000;
const PAUSE_MS_MIN = 10;
/** Also after a transaction that took long, as a VACUUM does. */
const PAUSE_MS_MAX = 1_000;

export class YieldingWriter {
  readonly #writer: Writer;
  #contendedUntilMs = 0;

  constructor(writer: Writer) {
    this.#writer = writer;
    writer.othersCommitted();
  }

  /** Whether no other process has written recently: then large transactions do no harm. */
  get uncontended(): boolean {
    return performance.now() > this.#contendedUntilMs;
  }

  /**
   * Runs one transaction, retries while others hold the lock, and then leaves the lock to others for as long as it took, up to a second.
   * Rejects with StoreUnavailable where it cannot be done.
   */
  async run<T extends { readonly failure: Failure | null }>(
    transaction: () => T,
  ): Promise<T & { readonly failure: null }> {
    const endMs = performance.now() + LOCKED_MS_MAX;
    for (;;) {
      const startMs = performance.now();
      const result = transaction();
      if (hasSucceeded(result)) {
        await this.#pause(performance.now() - startMs);
        return result;
      }
      if (result.failure !== null && result.failure !== 'locked')
        throw new StoreUnavailable(result.failure, REASONS[result.failure]);
      if (performance.now() > endMs)
        throw new StoreUnavailable('locked', 'another process holds the lock of the database');
      await sleep(RETRY_MS);
    }
  }

  async #pause(tookMs: number): Promise<void> {
    if (this.#writer.othersCommitted()) this.#contendedUntilMs = performance.now() + CONTENDED_MS;
    // At least one iteration of the event loop: signals and messages of other threads arrive in it.
    const pauseMs = Math.min(Math.max(PAUSE_MS_MIN, tookMs), PAUSE_MS_MAX);
    await sleep(this.uncontended ? 0 : pauseMs);
  }
}

function hasSucceeded<T extends { readonly failure: Failure | null }>(
  result: T,
): result is T & { readonly failure: null } {
  return result.failure === null;
}

const REASONS = {
  disk: 'the disk is full, or failed',
  schema: 'the database has another schema than it had a moment ago',
  corrupt: 'the database is damaged',
  other: 'the database refused a change',
} as const;
