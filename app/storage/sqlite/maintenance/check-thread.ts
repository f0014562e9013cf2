// The thread that checks a file: SQLite's own check cannot be interrupted, and so must not block the caller.
import { parentPort, workerData } from 'node:worker_threads';
import { isExpected } from '../../../model/refusal.ts';
import type { Depth } from '../../admin.ts';
import { checkFile } from './check.ts';
import type { CheckMessage } from './check-worker.ts';

const port = parentPort;
if (port === null) throw new Error('check-thread.ts runs as a worker thread only');
const { path, depth } = workerData as { path: string; depth: Depth };
const send = (message: CheckMessage): void => port.postMessage(message);

try {
  const inspection = checkFile(path, depth, (name, done, all) =>
    send({ kind: 'progress', name, done, all }),
  );
  send({ kind: 'done', inspection });
} catch (error) {
  // A bug ends the thread, and so keeps its stack.
  if (!isExpected(error)) throw error;
  send({ kind: 'failed', reason: error.message });
}
