// The writer thread of the durable floor: everything that waits goes into one synced transaction, and nothing else is done.
import { DatabaseSync } from 'node:sqlite';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { Message } from '../app/model/message.ts';

const port = parentPort;
if (port === null) throw new Error('bare-writer.ts runs as a worker thread only');
const database = new DatabaseSync(String(workerData));
database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE messages (
  message_id TEXT PRIMARY KEY, from_msisdn TEXT NOT NULL, to_msisdn TEXT NOT NULL,
  ts TEXT NOT NULL, text TEXT, created_at TEXT NOT NULL)`);
const insert = database.prepare(
  'INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
);

port.on('message', (first: readonly Message[]) => {
  const now = new Date().toISOString();
  let messages = 0;
  let chunk: readonly Message[] | undefined = first;
  database.exec('BEGIN IMMEDIATE');
  while (chunk !== undefined) {
    for (const { message_id, from, to, ts, text } of chunk)
      insert.run(message_id, from, to, ts, text, now);
    messages += chunk.length;
    chunk = receiveMessageOnPort(port)?.message as readonly Message[] | undefined;
  }
  database.exec('COMMIT');
  port.postMessage(messages);
});
