// A reader's thread: one read-only connection that answers one query at a time.
import { constants, setPriority } from 'node:os';
import type { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { reasonOf } from '../file/failure.ts';
import { SCHEMA_VERSION, missingObjects } from '../file/migrations.ts';
import type { ReaderAnswers, ReaderReply, ReaderRequest } from '../file/protocol.ts';
import { Signals } from '../file/signals.ts';
import { IndexUnusable, inSnapshot, openReader } from '../index/reader-connection.ts';
import { readGauges } from './gauges.ts';
import { selectPage } from './page.ts';
import { selectStats } from './stats.ts';
import { selectAfter } from './stream.ts';
import { selectTimeline } from './timeline.ts';

const port = parentPort;
if (port === null) throw new Error('reader-thread.ts runs as a worker thread only');
const { path, memory } = workerData as { path: string; memory: SharedArrayBuffer };
const signals = new Signals(memory);
let connection: { database: DatabaseSync; generation: number } | null = null;

// Where readers and the writer want the same processor, the writer goes first. Linux sets the priority of
// a thread by this call, other systems that of the whole process.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

port.on('message', (request: ReaderRequest) => port.postMessage(read(request)));

function read(request: ReaderRequest): ReaderReply {
  try {
    try {
      return { answer: answer(connect(true), request) };
    } catch (error) {
      if (!(error instanceof IndexUnusable)) throw error;
      return { answer: answerWithout(error, request) };
    }
  } catch (error) {
    // What a broken connection knows is not trusted: the next query opens a new one.
    disconnect();
    const message = error instanceof Error ? error.message : String(error);
    return { failure: { reason: reasonOf(error), message: `${request.kind}: ${message}` } };
  }
}

/** Does without the index until the indexer has built it again; where it is not damaged, only for this query. */
function answerWithout(
  { damaged }: IndexUnusable,
  request: ReaderRequest,
): ReaderAnswers[ReaderRequest['kind']] {
  if (damaged) signals.set('damaged', 1);
  disconnect();
  const answered = answer(connect(false), request);
  if (!damaged) disconnect();
  return answered;
}

/** The connection, opened anew where there is another index file than before. */
function connect(useIndex: boolean): DatabaseSync {
  const generation = signals.get('generation');
  if (connection !== null && connection.generation === generation) return connection.database;
  disconnect();
  const database = openReader(path, useIndex);
  connection = { database, generation };
  return database;
}

function disconnect(): void {
  connection?.database.close();
  connection = null;
}

function answer(
  database: DatabaseSync,
  request: ReaderRequest,
): ReaderAnswers[ReaderRequest['kind']] {
  if (request.kind === 'check') return check(database);
  return inSnapshot(database, (standing) => {
    switch (request.kind) {
      case 'page':
        return selectPage(database, standing, request.query);
      case 'stats':
        return selectStats(database, standing);
      case 'timeline':
        return selectTimeline(database, standing, request.query);
      case 'after':
        return selectAfter(database, request.query);
      case 'gauges':
        return readGauges(database, standing, path);
    }
  });
}

/** Reads the schema as it is in the file now. */
function check(database: DatabaseSync): ReaderAnswers['check'] {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version !== SCHEMA_VERSION) return `schema version ${version}, not ${SCHEMA_VERSION}`;
  const missing = missingObjects(database);
  return missing.length === 0 ? null : `missing: ${missing.join(', ')}`;
}
