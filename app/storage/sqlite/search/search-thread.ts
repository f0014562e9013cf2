// The search thread: reads new messages, prepares their part of the index, and hands it to the writer piece by piece.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { openForReading } from '../connection.ts';
import type { SearchPiece } from './indexer.ts';
import { nextWork } from './work.ts';

if (parentPort === null) throw new Error('search-thread.ts runs as a worker thread only');
const { path, port } = workerData as { path: string; port: MessagePort };
const database = openForReading(path);
/** What is to be handed over, made one piece at a time. */
let work: Iterator<SearchPiece> | null = null;

// Each message from the writer asks for the next piece: it has applied the last one, or has new messages.
port.on('message', () => {
  const piece = nextPiece();
  port.postMessage(piece);
});

function nextPiece(): SearchPiece | null {
  const going = work?.next();
  if (going?.done === false) return going.value;
  work = nextWork(database);
  const begun = work?.next();
  return begun?.done === false ? begun.value : null;
}
