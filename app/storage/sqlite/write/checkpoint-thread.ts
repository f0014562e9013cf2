// The checkpointer's thread: copies the WAL into the database file while the writer continues to commit.
import { fdatasyncSync } from 'node:fs';
import { type MessagePort, workerData } from 'node:worker_threads';
import { openExisting } from '../file/connection.ts';

/** The state of the WAL after the passes. */
export type CheckpointReply = {
  /** Frames of the WAL, and those of them that are copied. */
  readonly walFrames: number;
  readonly copiedFrames: number;
  /** Whether a snapshot, or the checkpoint of another process, kept the last pass from copying all that was there. */
  readonly blocked: boolean;
};

/** What arrives during a pass is copied by the next, and each is shorter than the one before. */
const PASSES_MAX = 4;
/** Pause before the next pass where a reader was in the way. */
const BLOCKED_PAUSE_MS = 30;

const { path, file, port, restFramesMax } = workerData as {
  path: string;
  /** A descriptor of the database file. */
  file: number;
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
  let reply: CheckpointReply = { walFrames: 0, copiedFrames: 0, blocked: false };
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
      };
      if (after.log - after.checkpointed <= restFramesMax) break;
    }
  } catch {
    // A full or failing disk: the WAL keeps what it has, and the next checkpoint tries again.
  }
  port.postMessage(reply);
});

type Frames = { readonly busy: number; readonly log: number; readonly checkpointed: number };
