// The checkpointer's thread: copies the WAL into the database file while the writer continues to commit.
import { fdatasyncSync } from 'node:fs';
import { type MessagePort, workerData } from 'node:worker_threads';
import { openExisting } from '../file/connection.ts';
import { copyAgain } from '../file/wal-index.ts';

/** The state of the WAL after the passes. */
export type CheckpointReply = {
  /** Frames of the WAL, and those of them that are copied. */
  readonly walFrames: number;
  readonly copiedFrames: number;
  /** Whether a snapshot, or the checkpoint of another process, kept the last pass from copying all that was there. */
  readonly blocked: boolean;
  /** Why a pass failed; null where none did. What was copied is copied again then. */
  readonly failure: string | null;
};

/** What arrives during a pass is copied by the next, and each is shorter than the one before. */
const PASSES_MAX = 4;
/** Pause before the next pass where a reader was in the way. */
const BLOCKED_PAUSE_MS = 30;

const { path, file, walIndex, port, restFramesMax } = workerData as {
  path: string;
  /** A descriptor of the database file. */
  file: number;
  /** One of its WAL index. */
  walIndex: number;
  port: MessagePort;
  restFramesMax: number;
};
const database = openExisting(path);
const copy = database.prepare('PRAGMA wal_checkpoint(PASSIVE)');
/** Copies nothing. The result of a pass leaves out what was committed during it. */
const frames = database.prepare('PRAGMA wal_checkpoint(NOOP)');
let synced = 0;
const pauseCell = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

port.on('message', () => {
  let reply: CheckpointReply = { walFrames: 0, copiedFrames: 0, blocked: false, failure: null };
  try {
    for (let pass = 0; pass < PASSES_MAX; pass += 1) {
      if (reply.blocked) Atomics.wait(pauseCell, 0, 0, BLOCKED_PAUSE_MS);
      const { busy, log, checkpointed } = copy.get() as Frames;
      // SQLite syncs the file only when the end of the WAL is reached, which is by the writer: little must be left for it.
      if (checkpointed !== synced) fdatasyncSync(file);
      synced = checkpointed;
      const after = frames.get() as Frames;
      reply = {
        walFrames: after.log,
        copiedFrames: after.checkpointed,
        blocked: busy !== 0 || checkpointed < log,
        failure: null,
      };
      if (after.log - after.checkpointed <= restFramesMax) break;
    }
  } catch (error) {
    // A full or failing disk. Another sync may succeed, but not for the pages of one that failed: only the WAL has them for certain.
    copyAgain(walIndex);
    synced = 0;
    reply = { ...reply, failure: (error as Error).message };
  }
  port.postMessage(reply);
});

type Frames = { readonly busy: number; readonly log: number; readonly checkpointed: number };
