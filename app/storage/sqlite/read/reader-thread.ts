// A reader's thread: one read-only connection that runs one query at a time.
import { constants, setPriority } from 'node:os';
import type { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { UnavailableReason } from '../../../model/unavailable.ts';
import { StoreUnavailable } from '../../store.ts';
import { reasonOf } from '../file/failure.ts';
import { SCHEMA_VERSION, missingObjects } from '../file/migrations.ts';
import type { ReadResults, ReaderReply, ReaderRequest } from '../file/protocol.ts';
import { Signals } from '../file/signals.ts';
import { IndexUnusable } from '../index/damage.ts';
import { inDatabaseSnapshot, inSnapshot, openReader } from '../index/reader-connection.ts';
import { readGauges } from './gauges.ts';
import { selectEvents } from './events.ts';
import { isForwardRead, readForward } from './forwards.ts';
import { selectDelivery, selectEvent, selectMessage, selectSources } from './items.ts';
import { selectPage } from './page.ts';
import { selectStats } from './stats.ts';
import { selectAfter } from './stream.ts';
import { selectTimeline } from './timeline.ts';

const port = parentPort;
if (port === null) throw new Error('reader-thread.ts runs as a worker thread only');
const { path, memory } = workerData as { path: string; memory: SharedArrayBuffer };
const signals = new Signals(memory);
/** Failures of a file that may go away by themselves. */
const TRANSIENT: readonly UnavailableReason[] = ['disk', 'locked'];
let connection: DatabaseSync | null = null;
/** The index that the connection uses, or does without. */
let generation = 0;

// Where readers and the writer want the same processor, the writer goes first. Linux sets the priority of
// a thread by this call, other systems that of the whole process.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

port.on('message', (request: ReaderRequest) => port.postMessage(read(request)));

function read(request: ReaderRequest): ReaderReply {
  try {
    try {
      return { result: execute(connect(true), request) };
    } catch (error) {
      return { result: executeWithoutIndex(error, request) };
    }
  } catch (error) {
    // A connection that failed is not trusted: the next query opens a new one. A StoreUnavailable is a rule of ours.
    if (!(error instanceof StoreUnavailable)) disconnect();
    const message = error instanceof Error ? error.message : String(error);
    return { failure: { reason: reasonOf(error), message: `${request.kind}: ${message}` } };
  }
}

/**
 * Runs the query without the index, after a failure that the index may have caused: a damaged one is left out until the indexer has
 * built it again, another failure affects this query only. Throws where the index is not the cause, or the database fails too.
 */
function executeWithoutIndex(
  error: unknown,
  request: ReaderRequest,
): ReadResults[ReaderRequest['kind']] {
  const unusable = error instanceof IndexUnusable;
  if (!unusable && !TRANSIENT.includes(reasonOf(error))) throw error;
  const damaged = unusable && error.damaged;
  if (damaged) signals.set('damaged', generation);
  disconnect();
  const result = execute(connect(false), request);
  if (!damaged) disconnect();
  return result;
}

/** Returns the connection; opens a new one where the index file has changed. */
function connect(useIndex: boolean): DatabaseSync {
  const current = signals.get('generation');
  if (connection !== null && generation === current) return connection;
  disconnect();
  generation = current;
  // Before the indexer has opened it, it is unknown whether it can be used.
  connection = openReader(path, useIndex && generation > 0 ? 'opened' : 'none');
  return connection;
}

function disconnect(): void {
  connection?.close();
  connection = null;
}

function execute(
  database: DatabaseSync,
  request: ReaderRequest,
): ReadResults[ReaderRequest['kind']] {
  if (request.kind === 'check') return check(database);
  if (isForwardRead(request))
    return inDatabaseSnapshot(database, () => readForward(database, request));
  return inSnapshot(database, (progress) => {
    switch (request.kind) {
      case 'page':
        return selectPage(database, progress, request.query);
      case 'message':
        return selectMessage(database, request.id);
      case 'event':
        return selectEvent(database, request.id);
      case 'events':
        return selectEvents(database, request.query);
      case 'delivery':
        return selectDelivery(database, request.number);
      case 'sources':
        return selectSources(database, progress);
      case 'stats':
        return selectStats(database, progress);
      case 'timeline':
        return selectTimeline(database, progress, request.query);
      case 'after':
        return selectAfter(database, request.query);
      case 'gauges':
        return readGauges(database, progress, path);
    }
  });
}

/** Reads the schema as it is in the file now. */
function check(database: DatabaseSync): ReadResults['check'] {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version !== SCHEMA_VERSION) return `schema version ${version}, not ${SCHEMA_VERSION}`;
  const missing = missingObjects(database);
  return missing.length === 0 ? null : `missing: ${missing.join(', ')}`;
}
