// The storage floor: stores the messages of a request file in batches from one thread, without HTTP, for some seconds.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Message } from '../app/model/message.ts';
import { Writer } from '../app/storage/sqlite/write/writer.ts';
import { readRequests } from './requests.ts';

const [engine = '', file = '', directory = '', batch = '', seconds = ''] = process.argv.slice(2);
const MESSAGES_MAX = 400_000;

interface Sink {
  append(messages: readonly Message[]): void;
  close(): void;
}

/** The service's own writer: every index, counter and check that it keeps inside the commit. */
function serviceWriter(path: string): Sink {
  const writer = new Writer(path);
  return {
    append: (messages) => {
      const { failure } = writer.append(messages);
      if (failure !== null) throw new Error(`the writer failed: ${failure}`);
    },
    close: () => writer.close(),
  };
}

/** The least that stores a message exactly once: the table of the assignment and its primary key. */
function bareTable(path: string): Sink {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE messages (
    message_id TEXT PRIMARY KEY, from_msisdn TEXT NOT NULL, to_msisdn TEXT NOT NULL,
    ts TEXT NOT NULL, text TEXT, created_at TEXT NOT NULL)`);
  const insert = database.prepare(
    'INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  return {
    append: (messages) => {
      const now = new Date().toISOString();
      database.exec('BEGIN IMMEDIATE');
      for (const { message_id, from, to, ts, text } of messages) {
        insert.run(message_id, from, to, ts, text, now);
      }
      database.exec('COMMIT');
    },
    close: () => database.close(),
  };
}

const messages: Message[] = [];
for (const request of readRequests(file)) {
  const body = request.subarray(request.indexOf('\r\n\r\n') + 4);
  messages.push(JSON.parse(body.toString('utf8')) as Message);
  if (messages.length === MESSAGES_MAX) break;
}
const path = join(directory, 'floor.db');
const sink = engine === 'bare' ? bareTable(path) : serviceWriter(path);
const size = Number(batch);
const startMs = performance.now();
let rows = 0;
while (rows + size <= messages.length && performance.now() - startMs < Number(seconds) * 1_000) {
  sink.append(messages.slice(rows, rows + size));
  rows += size;
}
const elapsedSeconds = (performance.now() - startMs) / 1_000;
sink.close();
process.stdout.write(`${JSON.stringify({ rows, seconds: elapsedSeconds })}\n`);
