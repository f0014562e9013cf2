// The search thread: prepares the work on the search index, and hands it to the writer piece by piece.
import { constants, setPriority } from 'node:os';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { openForReading } from '../file/connection.ts';
import type { SearchPiece } from './indexer.ts';
import { SearchWork } from './work.ts';

/** The next piece; or, when nothing is left to do, how many messages are too few for a block of their own. */
export type SearchReply = SearchPiece | number;

/** Rewriting a block for each message that leaves it would be endless work: it waits until so many have left. */
const REMOVED_SHARE = 1 / 16;

if (parentPort === null) throw new Error('search-thread.ts runs as a worker thread only');
const { path, port } = workerData as { path: string; port: MessagePort };
// Nobody waits for it: where it and the writer, or the HTTP thread, want the same processor, they go first.
// Linux sets the priority of a thread by this call, other systems that of the whole process.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
const work = new SearchWork(openForReading(path), REMOVED_SHARE);

// Each message from the writer asks for the next piece: it has applied the last one, or there is something new.
port.on('message', () => {
  const piece = work.next();
  const reply: SearchReply = piece ?? work.unindexed();
  port.postMessage(reply, memoryOf(piece));
});

/** What moves to the writer with a piece instead of being copied. */
function memoryOf(piece: SearchPiece | null): ArrayBuffer[] {
  if (piece === null || !('groups' in piece) || piece.groups.bytes.length === 0) return [];
  return [piece.groups.bytes.buffer];
}
