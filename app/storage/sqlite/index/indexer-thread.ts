// The indexer's thread: follows the database from the start of the service to its end, and recovers from every failure.
import { statSync } from 'node:fs';
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { IndexEvent } from '../../store.ts';
import { LONG_WAL_FRAMES, TAIL_MESSAGES_MAX } from '../file/limits.ts';
import { Signals } from '../file/signals.ts';
import { CommitRate } from './commit-rate.ts';
import { Indexer } from './indexer.ts';
import { isDamage, isFailedSync } from './damage.ts';
import { deleteIndex, fileIdentity, indexPath } from './schema.ts';
import { SearchPace } from './search-pace.ts';

/**
 * Where all want the same processor, commits go first. Measured: at 19 the indexer starves under full load, and an unprivileged
 * thread cannot raise its priority again; at 5 it keeps up, and commits are not slower.
 */
const NICE = 5;
/**
 * Messages are gathered for this long, unless many are waiting: the larger a batch, the fewer pages are written for each message. Readers
 * merge in a few thousand in a millisecond.
 */
const GATHER = { ms: 300, messages: 4_096 } as const;
/** Likewise while many messages come. Measured with 32 connections that post: 7 % more posts, and reads as fast. */
const GATHER_BUSY = { ms: 1_000, messages: 12_288 } as const;
/** Another process may write too: its messages are found this late. */
const POLL_MS = 250;
/** Pause after a failure, such as a full disk. */
const RETRY_MS = 1_000;
/** A damaged index is built again this often at most: it may be the database that is damaged. */
const REBUILD_EVERY_MS = 60_000;
/** Of the steps that search may take, one in this many comes before the lists. */
const SEARCH_EVERY = 4;

const { path, memory } = workerData as { path: string; memory: SharedArrayBuffer };
const signals = new Signals(memory);
let failing = false;
/** `lastWritten()` after the last checkpoint. */
let written = '';
let rebuiltMs = Number.NEGATIVE_INFINITY;

// Linux sets the priority of a thread by this call, other systems that of the whole process.
if (process.platform === 'linux') setPriority(NICE);

while (signals.get('closing') === 0) {
  let indexer: Indexer | null = null;
  try {
    indexer = new Indexer(path);
    signals.add('generation', 1);
    follow(indexer);
  } catch (error) {
    recover(error);
  } finally {
    signals.set('following', 0);
    signals.set('indexHoldsSearchesUntil', 0);
    indexer?.close();
  }
}

/** Works until the service closes, or the file has to be opened again. Throws what SQLite or the system throws. */
function follow(indexer: Indexer): void {
  const rate = new CommitRate(signals);
  const pace = new SearchPace();
  let listMessagesMin = 1;
  let behind = false;
  let removed = false;
  // First: where the file cannot be written, its WAL does not grow with every attempt.
  checkpoint(indexer);
  const files = identity();
  if (indexer.progress.isIndexOfThisDatabase)
    signals.set('listedSeq', indexer.progress.index.listedSeq);
  for (let steps = 1; ; steps += 1) {
    const committed = signals.get('committedSeq');
    if (signals.get('closing') === 1) return;
    if (identity() !== files || lastWritten() !== written) return deleteForRebuild();
    if (signals.get('damaged') === signals.get('generation')) return rebuildDamaged();
    const listedBefore = indexer.progress.index.listedSeq;
    const search = pace.allows(rate.busy, searchBacklog(indexer));
    const messagesMin = search && steps % SEARCH_EVERY === 0 ? Infinity : listMessagesMin;
    const step = pace.timed(() => indexer.step(messagesMin, search));
    const gather = rate.busy ? GATHER_BUSY : GATHER;
    listMessagesMin = gather.messages;
    if (step === 'renewed') return;
    succeeded();
    const { index, main } = indexer.progress;
    if (step !== 'none' && !behind && main.lastSeq - listedBefore > TAIL_MESSAGES_MAX) {
      behind = true;
      report({ kind: 'building', messages: main.lastSeq - listedBefore });
    }
    signals.set('listedSeq', index.listedSeq);
    if (main.lastSeq - index.listedSeq < TAIL_MESSAGES_MAX) signals.set('following', 1);
    removed ||= step === 'removals';
    if (step === 'none' && index.listedSeq < main.lastSeq) {
      // Few messages: more are gathered, but not for long.
      signals.waitWhile('closing', 0, gather.ms);
      listMessagesMin = 1;
    } else if (step === 'none') {
      if (behind) report({ kind: 'built', messages: index.searchedSeq });
      behind = false;
      if (!checkpointUnchanged(indexer)) return deleteForRebuild();
      if (removed && indexer.truncateWal()) removed = false;
      written = lastWritten();
      signals.waitWhile('committedSeq', committed, POLL_MS);
    } else if (!checkpointUnchanged(indexer)) {
      return deleteForRebuild();
    }
  }
}

function searchBacklog({ progress: { index, main } }: Indexer): number {
  return main.lastSeq - index.searchedSeq;
}

/**
 * Copies the WAL into the file, unless something else has written to it since that was done last. Returns whether it did. Asked
 * here once more, since the copy would make the file look as if this thread had written it last.
 */
function checkpointUnchanged(indexer: Indexer): boolean {
  if (lastWritten() !== written) return false;
  checkpoint(indexer);
  return true;
}

/**
 * Copies the WAL into the file, after each step: the disk writes what is synced together before the next commit, so it must be little.
 * While searches keep it from restarting, no new ones begin.
 *
 * `followedRemoval` is published after it: a checkpoint that copies anything syncs first, so that after a power cut the index has
 * followed the removals whose records are purged. Where a reader kept it from copying, the index may lack some of those, and is built again.
 */
function checkpoint(indexer: Indexer): void {
  const frames = indexer.checkpoint(false);
  written = lastWritten();
  const { isIndexOfThisDatabase, index } = indexer.progress;
  if (isIndexOfThisDatabase) signals.set('followedRemoval', index.removals);
  if (frames <= LONG_WAL_FRAMES) {
    signals.set('indexHoldsSearchesUntil', 0);
    return;
  }
  signals.holdSearches('indexHoldsSearchesUntil');
  if (signals.get('searchesActive') > 0) return;
  indexer.checkpoint(true);
  written = lastWritten();
  signals.set('indexHoldsSearchesUntil', 0);
}

/**
 * Which files have the names of the index and of its WAL. A process that has a file open does not notice that it was deleted or
 * exchanged, and the new one may not fit its WAL.
 */
function identity(): string {
  return ['', '-wal'].map((suffix) => fileIdentity(indexPath(path) + suffix)).join();
}

/** When the index file was last written, and its size: only a checkpoint writes to it. */
function lastWritten(): string {
  const file = statSync(indexPath(path), { bigint: true, throwIfNoEntry: false });
  return [file?.mtimeNs, file?.size].join();
}

/** Deletes an index that was deleted, exchanged or damaged, or whose sync failed, so that it is built again. Reported as `damaged`. */
function deleteForRebuild(): void {
  report({ kind: 'damaged' });
  deleteIndex(path);
}

function rebuildDamaged(): void {
  if (performance.now() - rebuiltMs < REBUILD_EVERY_MS) return;
  rebuiltMs = performance.now();
  deleteForRebuild();
}

function recover(error: unknown): void {
  if (isFailedSync(error)) deleteForRebuild();
  else if (isDamage(error)) rebuildDamaged();
  if (!failing) report({ kind: 'failed', reason: (error as Error).message });
  failing = true;
  signals.waitWhile('closing', 0, RETRY_MS);
}

function succeeded(): void {
  if (failing) report({ kind: 'recovered' });
  failing = false;
}

function report(message: IndexEvent): void {
  parentPort?.postMessage(message);
}
