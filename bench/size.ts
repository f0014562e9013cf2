// How many bytes a message takes on the disk, by part: `node bench/size.ts 100000 300000`.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Writer } from '../app/storage/sqlite/write/writer.ts';
import { caughtUp } from './backlog.ts';
import { Corpus } from './corpus.ts';
import { YEAR_MS, YEAR_START_MS } from './fill.ts';
import { startService } from './server.ts';

/** As the service works under load: small commits, orders in pieces, a checkpoint after so many messages. */
const BATCH_MESSAGES = 64;
const FILL_MESSAGES = 512;
const CHECKPOINT_MESSAGES = 8_192;

/** What the pages of each part are there for. */
const PARTS: Readonly<Record<string, string>> = {
  messages: 'the messages themselves',
  sqlite_autoindex_messages_1: 'their ids',
  sqlite_autoindex_messages_2: 'their numbers',
  by_time: 'the order by time',
  by_sender: 'the order by sender',
  search_postings: 'the search index',
};

/** Pages that pieces of the search index left when they were merged; the next ones go there. */
const FREE = 'pages that are free to be used again';

interface Size {
  readonly rows: number;
  /** Bytes of the fields of a message as they were sent, without JSON around them. */
  readonly fields: number;
  /** Bytes a message, by part. */
  readonly parts: ReadonlyMap<string, number>;
  readonly total: number;
  /** The longest that the log became while the messages were written. */
  readonly walBytesMax: number;
}

async function sizeOf(rows: number): Promise<Size> {
  const directory = mkdtempSync(join(tmpdir(), 'oncebox-size-'));
  try {
    const path = join(directory, 'app.db');
    const { fields, walBytesMax } = fill(path, rows);
    const service = await startService(path, 'null');
    await caughtUp(service.url);
    await service.stop();
    const database = new DatabaseSync(path, { readOnly: true });
    const parts = new Map<string, number>();
    const pages = database.prepare('SELECT name, sum(pgsize) AS bytes FROM dbstat GROUP BY name');
    for (const row of pages.all()) {
      const part = PARTS[String(row['name'])] ?? 'everything else';
      parts.set(part, (parts.get(part) ?? 0) + Number(row['bytes']) / rows);
    }
    database.close();
    const total = statSync(path).size / rows;
    parts.set(FREE, total - [...parts.values()].reduce((sum, bytes) => sum + bytes, 0));
    return { rows, fields: fields / rows, parts, total, walBytesMax };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function fill(path: string, rows: number): { fields: number; walBytesMax: number } {
  const corpus = new Corpus(1);
  const writer = new Writer(path);
  let fields = 0;
  let walBytesMax = 0;
  for (let first = 0; first < rows; first += BATCH_MESSAGES) {
    const messages = Array.from({ length: Math.min(BATCH_MESSAGES, rows - first) }, (_, index) =>
      corpus.message(YEAR_START_MS + ((first + index) / rows) * YEAR_MS),
    );
    for (const message of messages)
      for (const value of Object.values(message)) fields += Buffer.byteLength(String(value));
    const { failure } = writer.append(messages);
    if (failure !== null) throw new Error(`the table could not be filled: ${failure}`);
    if (first % FILL_MESSAGES === 0) writer.fillOrder(FILL_MESSAGES);
    if (first % CHECKPOINT_MESSAGES === 0) {
      walBytesMax = Math.max(walBytesMax, statSync(`${path}-wal`).size);
      writer.checkpoint();
    }
  }
  writer.close();
  return { fields, walBytesMax };
}

const counts = process.argv.slice(2).map(Number);
for (const rows of counts.length > 0 ? counts : [100_000]) {
  const { fields, parts, total, walBytesMax } = await sizeOf(rows);
  console.log(`${rows} messages of ${fields.toFixed(0)} bytes on average, bytes a message:`);
  for (const part of [...Object.values(PARTS), 'everything else', FREE])
    console.log(`${(parts.get(part) ?? 0).toFixed(0).padStart(6)}  ${part}`);
  console.log(`${total.toFixed(0).padStart(6)}  the file`);
  console.log(`${(walBytesMax / 1_048_576).toFixed(0).padStart(6)}  MiB of WAL at most`);
}
