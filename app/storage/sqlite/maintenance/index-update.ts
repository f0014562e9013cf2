// Brings the index up to date for a command: in its own process where no service runs, else by waiting for the service's indexer.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailable } from '../../store.ts';
import type { ServiceLock } from '../file/service-lock.ts';
import { Indexer } from '../index/indexer.ts';
import { isDamage } from '../index/damage.ts';
import { inSnapshot, openUsableReader } from '../index/reader-connection.ts';
import { deleteIndex } from '../index/schema.ts';
import type { IndexProgress } from '../index/state.ts';

/** How long the primary lock is held at a time: a service that starts gets it in between. */
const SLICE_MS = 250;
const POLL_MS = 100;
/** A service whose index makes no progress for so long is no longer waited for. */
const STALLED_MS_MAX = 60_000;

/** `removals`: the index has followed all removals. `lists`: it also lists every message. `search`: search is complete, too. */
export type Goal = 'removals' | 'lists' | 'search';

/** Called after each slice; may throw to stop. */
type OnSlice = (progress: IndexProgress) => void;

/**
 * Resolves when the index is as far as the database was at the call. Rejects with StoreUnavailable where a service's indexer is
 * stuck, and with what SQLite and `onSlice` throw.
 */
export async function updateIndex(
  path: string,
  lock: ServiceLock,
  goal: Goal,
  onSlice: OnSlice = () => undefined,
): Promise<void> {
  let progress = readProgressOf(path);
  const target = progress.main;
  const isDone = ({ index, main }: IndexProgress): boolean =>
    (index.listedSeq === 0 && goal === 'removals') ||
    (index.removals >= Math.min(target.removals, main.removals) &&
      (goal === 'removals' || index.listedSeq >= target.lastSeq) &&
      (goal !== 'search' || index.searchedSeq >= target.lastSeq));
  let progressedMs = performance.now();
  let discarded = false;
  const work = (): void => {
    try {
      fill(path, isDone);
    } catch (error) {
      // Once: it may be the database that is damaged.
      if (!isDamage(error) || discarded) throw error;
      discarded = true;
      deleteIndex(path);
    }
  };
  while (!isDone(progress)) {
    const before = progress.index;
    if (lock.asPrimary(work)) await nextTurn();
    else await sleep(POLL_MS);
    progress = readProgressOf(path);
    onSlice(progress);
    const { index } = progress;
    const progressed =
      index.removals !== before.removals ||
      index.listedSeq !== before.listedSeq ||
      index.searchedSeq !== before.searchedSeq;
    if (progressed) progressedMs = performance.now();
    else if (performance.now() - progressedMs > STALLED_MS_MAX)
      throw new StoreUnavailable('index_behind', "the running service's index makes no progress");
  }
}

/** Works on the index for a slice of time. */
function fill(path: string, isDone: (progress: IndexProgress) => boolean): void {
  const indexer = new Indexer(path);
  try {
    const endMs = performance.now() + SLICE_MS;
    while (performance.now() < endMs)
      if (indexer.step() === 'none' || isDone(indexer.progress)) break;
    indexer.checkpoint(false);
  } finally {
    indexer.close();
  }
}

/** Returns the state of the database and of the index. Throws what SQLite throws. */
function readProgressOf(path: string): IndexProgress {
  const database = openUsableReader(path);
  try {
    return inSnapshot(database, (progress) => progress);
  } finally {
    database.close();
  }
}
