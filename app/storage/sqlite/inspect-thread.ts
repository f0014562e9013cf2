// The thread that looks a file over: SQLite's own check cannot be interrupted, and so must not stop those who wait.
import { parentPort, workerData } from 'node:worker_threads';
import { isExpected } from '../../model/refusal.ts';
import { type Depth, inspectFile } from './inspect.ts';
import type { InspectionNews } from './inspection.ts';

const port = parentPort;
if (port === null) throw new Error('inspect-thread.ts runs as a worker thread only');
const { path, depth } = workerData as { path: string; depth: Depth };
const send = (news: InspectionNews): void => port.postMessage(news);

try {
  const inspection = inspectFile(path, depth, (name, done, all) =>
    send({ kind: 'progress', name, done, all }),
  );
  send({ kind: 'done', inspection });
} catch (error) {
  // A bug ends the thread, and so keeps its stack.
  if (!isExpected(error)) throw error;
  send({ kind: 'failed', reason: error.message });
}
