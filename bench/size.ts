// How many bytes a message takes on the disk, by part: `node bench/size.ts 100000 300000`.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ServiceLock } from '../app/storage/sqlite/file/service-lock.ts';
import { Indexer } from '../app/storage/sqlite/index/indexer.ts';
import { indexPath } from '../app/storage/sqlite/index/schema.ts';
import { Writer } from '../app/storage/sqlite/write/writer.ts';
import { Corpus } from './corpus.ts';
import { YEAR_MS, YEAR_START_MS } from './fill.ts';

/** As the service works under load: small commits, a checkpoint of the database after so many messages, and the index in batches. */
const BATCH_MESSAGES = 64;
const CHECKPOINT_MESSAGES = 2_048;
const INDEX_MESSAGES = 4_096;

/** What the pages of each part are there for. */
const PARTS: readonly (readonly [name: RegExp, what: string])[] = [
  [/^messages$/, 'the messages themselves'],
  [/^sqlite_autoindex_messages_1$/, 'their ids'],
  [/^sqlite_autoindex_messages_2$/, 'their numbers'],
  [/^entries$/, 'index: the lists of each source and sender'],
  [/^(lists|segments|sqlite_autoindex_(lists|segments))/, 'index: counts and segments'],
  [/^(texts|composing)/, 'index: search'],
  [/./, 'everything else'],
];

/** Pages that compaction of the search index left; the next ones go there. */
const FREE = 'pages that are free to be used again';

interface Size {
  readonly rows: number;
  /** Bytes of the fields of a message as they were sent, without JSON around them. */
  readonly fields: number;
  /** Bytes a message, by part. */
  readonly parts: ReadonlyMap<string, number>;
  /** Bytes a message of the database and of the index file. */
  readonly database: number;
  readonly index: number;
  /** The longest that each WAL became while the messages were written. */
  readonly walBytesMax: readonly [database: number, index: number];
}

function sizeOf(rows: number): Size {
  const directory = mkdtempSync(join(tmpdir(), 'oncebox-size-'));
  try {
    const path = join(directory, 'app.db');
    const { fields, walBytesMax } = fill(path, rows);
    const parts = new Map<string, number>();
    for (const file of [path, indexPath(path)]) addParts(parts, file, rows);
    const [database, index] = [statSync(path).size / rows, statSync(indexPath(path)).size / rows];
    parts.set(FREE, database + index - [...parts.values()].reduce((sum, bytes) => sum + bytes, 0));
    return { rows, fields: fields / rows, parts, database, index, walBytesMax };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function addParts(parts: Map<string, number>, file: string, rows: number): void {
  const database = new DatabaseSync(file, { readOnly: true });
  const pages = database.prepare('SELECT name, sum(pgsize) AS bytes FROM dbstat GROUP BY name');
  for (const row of pages.all()) {
    const [, part = ''] = PARTS.find(([name]) => name.test(String(row['name']))) ?? [];
    parts.set(part, (parts.get(part) ?? 0) + Number(row['bytes']) / rows);
  }
  database.close();
}

function fill(path: string, rows: number): Pick<Size, 'fields' | 'walBytesMax'> {
  const corpus = new Corpus(1);
  const writer = new Writer(path, ServiceLock.exclusive(path));
  const indexer = new Indexer(path);
  let fields = 0;
  const walBytesMax: [number, number] = [0, 0];
  for (let first = 0; first < rows; first += BATCH_MESSAGES) {
    const messages = Array.from({ length: Math.min(BATCH_MESSAGES, rows - first) }, (_, index) =>
      corpus.message(YEAR_START_MS + ((first + index) / rows) * YEAR_MS),
    );
    for (const message of messages)
      for (const value of Object.values(message)) fields += Buffer.byteLength(String(value));
    const { failure } = writer.append(messages);
    if (failure !== null) throw new Error(`the table could not be filled: ${failure}`);
    if (first % INDEX_MESSAGES === 0) updateIndex(indexer);
    if (first % CHECKPOINT_MESSAGES === 0) {
      for (const [at, file] of [path, indexPath(path)].entries())
        walBytesMax[at] = Math.max(walBytesMax[at] ?? 0, statSync(`${file}-wal`).size);
      writer.wal.copy();
    }
    if (first % INDEX_MESSAGES === 0) indexer.checkpoint(false);
  }
  updateIndex(indexer);
  indexer.close();
  writer.close();
  return { fields, walBytesMax };
}

function updateIndex(indexer: Indexer): void {
  let step = indexer.step();
  while (step !== 'none') step = indexer.step();
}

const counts = process.argv.slice(2).map(Number);
for (const rows of counts.length > 0 ? counts : [100_000]) {
  const { fields, parts, database, index, walBytesMax } = sizeOf(rows);
  console.log(`${rows} messages of ${fields.toFixed(0)} bytes on average, bytes a message:`);
  const line = (bytes: number, what: string): void =>
    console.log(`${bytes.toFixed(0).padStart(6)}  ${what}`);
  for (const what of [...PARTS.map(([, part]) => part), FREE]) line(parts.get(what) ?? 0, what);
  line(database, 'the database');
  line(index, 'the index file');
  const [walDatabase, walIndex] = walBytesMax.map((bytes) => (bytes / 1_048_576).toFixed(0));
  console.log(`WAL at most: ${walDatabase} MiB of the database, ${walIndex} of the index`);
}
