// Tables of any size for the benchmarks of reads: filled once by the service's own writer, kept for the next run.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SCHEMA_VERSION } from '../app/storage/sqlite/migrations.ts';
import { Writer } from '../app/storage/sqlite/writer.ts';
import { Corpus } from './corpus.ts';
import { progressPart } from './report.ts';

const CACHE = join(tmpdir(), 'oncebox-bench');
const TABLE_SEED = 1;
/** Messages a commit, and messages added to the orders at a time. In small parts the same pages would be written many times. */
const BATCH_MESSAGES = 50_000;
/** A filled table holds the messages of this year, evenly spread, in the order in which they came. */
export const YEAR_START_MS = Date.UTC(2025, 0, 1);
export const YEAR_MS = 365 * 86_400_000;

export interface Filled {
  readonly path: string;
  /** Time the filling took; null when the file was there from an earlier run. */
  readonly fillSeconds: number | null;
}

/** Gives a database file with `rows` messages. Whoever changes it must work on a copy. */
export function filledTable(rows: number): Filled {
  mkdirSync(CACHE, { recursive: true });
  const path = join(CACHE, `v${SCHEMA_VERSION}-${contentKey()}-${rows}.db`);
  if (existsSync(path)) return { path, fillSeconds: null };
  const startMs = performance.now();
  const partial = `${path}.partial`;
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${partial}${suffix}`, { force: true });
  fill(partial, rows);
  renameSync(partial, path);
  return { path, fillSeconds: (performance.now() - startMs) / 1_000 };
}

/** Changes with the schema and with the messages, so that a file made by other code is not taken for one of today's. */
function contentKey(): string {
  const hash = createHash('sha256');
  for (const source of ['../app/storage/sqlite/migrations.ts', './corpus.ts', './fill.ts']) {
    hash.update(readFileSync(new URL(source, import.meta.url)));
  }
  return hash.digest('hex').slice(0, 8);
}

function fill(path: string, rows: number): void {
  const corpus = new Corpus(TABLE_SEED);
  const writer = new Writer(path);
  for (let first = 0; first < rows; first += BATCH_MESSAGES) {
    const count = Math.min(BATCH_MESSAGES, rows - first);
    const messages = Array.from({ length: count }, (_, index) =>
      corpus.plantedMessage(first + index, YEAR_START_MS + ((first + index) / rows) * YEAR_MS),
    );
    done(writer.append(messages).failure);
    done(writer.fillOrder(BATCH_MESSAGES));
    writer.checkpoint();
    progressPart(`filling a table of ${rows.toLocaleString('en')}`, first + count, rows);
  }
  while (writer.orderBacklog() > 0) done(writer.fillOrder(BATCH_MESSAGES));
  writer.close();
}

function done(failure: string | null): void {
  if (failure !== null) throw new Error(`the table could not be filled: ${failure}`);
}
