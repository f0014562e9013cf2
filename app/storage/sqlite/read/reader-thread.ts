// A reader's thread: one read-only connection that answers one question at a time.
import type { DatabaseSync } from 'node:sqlite';
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { openForReading } from './connection.ts';
import { reasonOf } from '../file/failure.ts';
import { figuresOf } from './figures.ts';
import { missingObjects, SCHEMA_VERSION } from '../file/migrations.ts';
import type { ReaderAnswers, ReaderReply, ReaderRequest } from '../file/protocol.ts';
import { selectPage } from './page.ts';
import { GateGuest } from './search-gate.ts';
import { inSnapshot } from '../file/snapshot.ts';
import { selectStats } from './stats.ts';
import { selectAfter } from './stream.ts';
import { selectTimeline } from './timeline.ts';

const port = parentPort;
if (port === null) throw new Error('reader-thread.ts runs as a worker thread only');
const { path, gate } = workerData as { path: string; gate: SharedArrayBuffer | null };
const guest = gate === null ? null : new GateGuest(gate);
let connection: DatabaseSync | null = null;

// Where readers and the writer want the same processor, the writer goes first. Linux sets the priority of
// a thread by this call, other systems that of the whole process.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

port.on('message', (request: ReaderRequest) => port.postMessage(read(request)));

function read(request: ReaderRequest): ReaderReply {
  try {
    const database = (connection ??= openForReading(path));
    const work = (): ReaderReply => ({ answer: answer(database, request) });
    return guest === null ? work() : guest.pass(work);
  } catch (error) {
    // What a broken connection knows is not trusted: the next question opens a new one.
    connection?.close();
    connection = null;
    const message = error instanceof Error ? error.message : String(error);
    return { failure: { reason: reasonOf(error), message: `${request.kind}: ${message}` } };
  }
}

function answer(
  database: DatabaseSync,
  request: ReaderRequest,
): ReaderAnswers[ReaderRequest['kind']] {
  if (request.kind === 'page')
    return inSnapshot(database, () => selectPage(database, request.query));
  if (request.kind === 'stats') return inSnapshot(database, () => selectStats(database));
  if (request.kind === 'timeline')
    return inSnapshot(database, () => selectTimeline(database, request.query));
  if (request.kind === 'after')
    return inSnapshot(database, () => selectAfter(database, request.query));
  if (request.kind === 'check') return check(database);
  return figuresOf(database, path);
}

/** Looks at the schema as it is in the file now. */
function check(database: DatabaseSync): ReaderAnswers['check'] {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version !== SCHEMA_VERSION) return `schema version ${version}, not ${SCHEMA_VERSION}`;
  const missing = missingObjects(database);
  return missing.length === 0 ? null : `missing: ${missing.join(', ')}`;
}
