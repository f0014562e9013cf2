// A reader's thread: one read-only connection that answers one question at a time.
import type { DatabaseSync } from 'node:sqlite';
import { constants, setPriority } from 'node:os';
import { workerData } from 'node:worker_threads';
import { openForReading } from '../file/connection.ts';
import { figuresOf } from './gauges.ts';
import { missingObjects, SCHEMA_VERSION } from '../file/migrations.ts';
import type { ReaderAnswers, ReaderRequest } from '../protocol.ts';
import { selectPage } from './page.ts';
import { GateGuest } from '../search-gate.ts';
import { inSnapshot } from '../file/snapshot.ts';
import { selectStats } from './stats.ts';
import { selectAfter } from './stream.ts';
import { selectTimeline } from './timeline.ts';

const { path, gate } = workerData as { path: string; gate: SharedArrayBuffer | null };
const guest = gate === null ? null : new GateGuest(gate);
let connection: DatabaseSync | null = null;

// Where readers and the writer want the same processor, the writer goes first. Linux sets the priority of
// a thread by this call, other systems that of the whole process.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

/** The function that the pool calls in this thread. Throws what SQLite throws. */
export function read(request: ReaderRequest): ReaderAnswers[ReaderRequest['kind']] {
  try {
    const database = (connection ??= openForReading(path));
    return guest === null ? answer(database, request) : guest.pass(() => answer(database, request));
  } catch (error) {
    // What a broken connection knows is not trusted: the next question opens a new one.
    connection?.close();
    connection = null;
    if (request.kind === 'check')
      return { store: 'the database does not answer', schema: 'unknown' };
    throw error;
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
  if (version !== SCHEMA_VERSION)
    return { store: null, schema: `schema version ${version}, not ${SCHEMA_VERSION}` };
  const missing = missingObjects(database);
  return { store: null, schema: missing.length === 0 ? null : `missing: ${missing.join(', ')}` };
}
