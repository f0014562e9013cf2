// The checkpointer's thread: copies the WAL into the database file while the writer goes on committing.
import { type MessagePort, workerData } from 'node:worker_threads';
import { openForCheckpoints } from './connection.ts';

/** How far the copying came: frames that are not copied yet, of those in the WAL. */
export type CheckpointReply = { readonly restFrames: number; readonly logFrames: number };

/** What arrives during a pass is copied by the next, and each is shorter than the one before. */
const PASSES_MAX = 4;

const { path, port, restFramesMax } = workerData as {
  path: string;
  port: MessagePort;
  restFramesMax: number;
};
const database = openForCheckpoints(path);
const checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)');

port.on('message', () => {
  const reply = { restFrames: Number.POSITIVE_INFINITY, logFrames: 0 };
  try {
    for (let pass = 0; pass < PASSES_MAX && reply.restFrames > restFramesMax; pass += 1) {
      const row = checkpoint.get();
      reply.logFrames = Number(row?.['log']);
      reply.restFrames = reply.logFrames - Number(row?.['checkpointed']);
    }
  } catch {
    // A full or failing disk: the WAL keeps what it has, and the next round tries again.
  }
  port.postMessage(reply satisfies CheckpointReply);
});
