// The indexer's thread: follows the database from the start of the service to its end, and recovers from every failure.
import { statSync } from 'node:fs';
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { IndexEvent } from '../../store.ts';
import { LONG_WAL_FRAMES, TAIL_MESSAGES_MAX } from '../file/limits.ts';
import { Signals } from '../file/signals.ts';
import { Indexer } from './indexer.ts';
import { isDamage } from './damage.ts';
import { deleteIndex, indexPath } from './schema.ts';

/**
 * Where all want the same processor, commits go first. Measured: at 19 the indexer starves under full load, and an unprivileged
 * thread cannot raise its priority again; at 5 it keeps up, and commits are not slower.
 */
const NICE = 5;
/**
 * Messages are gathered for this long, unless many are waiting: the larger a batch, the less each of them costs. Readers merge in a few
 * thousand in a millisecond.
 */
const GATHER_MS = 300;
const GATHER_MESSAGES = 4_096;
/** Another process may write too: its messages are found this late. */
const POLL_MS = 250;
/** Pause after a failure, such as a full disk. */
const RETRY_MS = 1_000;
/** A damaged index is built again this often at most: it may be the database that is damaged. */
const REBUILD_EVERY_MS = 60_000;
/** While messages keep coming, search gets one step in this many. */
const SEARCH_EVERY = 4;
/** While there is work, the WAL is copied into the file once in this many steps. */
const CHECKPOINT_STEPS = 4;

const { path, memory } = workerData as { path: string; memory: SharedArrayBuffer };
const signals = new Signals(memory);
let failing = false;
/** `filesIdentity()` after the last checkpoint. */
let knownFiles = '';
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
  let behind = false;
  let removed = false;
  // First: where the file cannot be written, its WAL does not grow with every attempt.
  checkpoint(indexer);
  for (let steps = 1; ; steps += 1) {
    const committed = signals.get('committedSeq');
    if (signals.get('closing') === 1) return;
    if (filesIdentity() !== knownFiles) return deleteForRebuild();
    if (signals.get('damaged') === signals.get('generation')) return rebuildDamaged();
    const step = indexer.step(steps % SEARCH_EVERY === 0);
    if (step === 'renewed') return;
    succeeded();
    const { index, main } = indexer.progress;
    if (step !== 'none' && !behind && main.lastSeq - index.listedSeq > TAIL_MESSAGES_MAX) {
      behind = true;
      report({ kind: 'building', messages: main.lastSeq - index.listedSeq });
    }
    signals.set('listedSeq', index.listedSeq);
    if (main.lastSeq - index.listedSeq < TAIL_MESSAGES_MAX) signals.set('following', 1);
    removed ||= step === 'removals';
    if (step === 'none') {
      if (behind) report({ kind: 'built', messages: index.searchedSeq });
      behind = false;
      checkpoint(indexer);
      if (removed && indexer.truncateWal()) removed = false;
      knownFiles = filesIdentity();
      awaitWork(committed, index.listedSeq);
    } else if (steps % CHECKPOINT_STEPS === 0) checkpoint(indexer);
  }
}

/** Waits for a commit, then for the rest of its batch. */
function awaitWork(committed: number, listedSeq: number): void {
  signals.waitWhile('committedSeq', committed, POLL_MS);
  if (signals.get('committedSeq') - listedSeq < GATHER_MESSAGES)
    signals.waitWhile('closing', 0, GATHER_MS);
}

/**
 * Copies the WAL into the file. While searches keep it from restarting, no new ones begin. `followedRemoval` is published only
 * after the sync: records of removals that the index lacks after a power cut must still exist.
 */
function checkpoint(indexer: Indexer): void {
  const frames = indexer.checkpoint(false);
  knownFiles = filesIdentity();
  signals.set('followedRemoval', indexer.progress.index.removals);
  if (frames <= LONG_WAL_FRAMES) {
    signals.set('indexHoldsSearchesUntil', 0);
    return;
  }
  signals.holdSearches('indexHoldsSearchesUntil');
  if (signals.get('searchesActive') > 0) return;
  indexer.checkpoint(true);
  knownFiles = filesIdentity();
  signals.set('indexHoldsSearchesUntil', 0);
}

/**
 * Which files have the names of the index and of its WAL, and when the first was written. A process that has a file
 * open does not notice that it was deleted or exchanged, and the new one may not fit its WAL. Only a checkpoint writes to the file.
 */
function filesIdentity(): string {
  const options = { bigint: true, throwIfNoEntry: false } as const;
  const file = statSync(indexPath(path), options);
  const wal = statSync(`${indexPath(path)}-wal`, options);
  return [file?.dev, file?.ino, file?.size, file?.mtimeNs, wal?.dev, wal?.ino].join();
}

/** Deletes an index that was deleted, exchanged or damaged, so that it is built again. Reported as `damaged`. */
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
  if (isDamage(error)) rebuildDamaged();
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
