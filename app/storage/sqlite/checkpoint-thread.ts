// The checkpointer's thread: copies the WAL into the database file while the writer goes on committing.
import { parentPort, workerData } from 'node:worker_threads';
import { openForCheckpoints } from './connection.ts';

const { path } = workerData as { path: string };
const database = openForCheckpoints(path);
const checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)');

parentPort?.on('message', () => {
  let remaining = Number.POSITIVE_INFINITY;
  try {
    const row = checkpoint.get();
    remaining = Number(row?.['log']) - Number(row?.['checkpointed']);
  } catch {
    // A full or failing disk: the WAL keeps what it has, and the next round tries again.
  }
  parentPort?.postMessage(remaining);
});
