// Tables of any size for the benchmarks of reads: filled once, in chunks that a later run goes on from, and kept.
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Item } from '../app/model/item.ts';
import type { Message } from '../app/model/message.ts';
import { ServiceLock } from '../app/storage/sqlite/file/service-lock.ts';
import { Indexer } from '../app/storage/sqlite/index/indexer.ts';
import { indexPath } from '../app/storage/sqlite/index/schema.ts';
import { Writer } from '../app/storage/sqlite/write/writer.ts';
import { Corpus } from './corpus.ts';
import { progressPart } from './report.ts';
import { ofSource, statuses, withSource } from './source-items.ts';

const CACHE = join(tmpdir(), 'oncebox-bench');
/** To be changed with what this file makes, so that an older table is not taken for one of today's. */
const FORMAT = 2;
/** Messages a transaction: ids are random, so a chunk changes each page of their index, and few chunks change it seldom. */
const CHUNK_MESSAGES = 100_000;
/** The index of ten million random ids fits in, so that no page of it is read or written twice in a chunk. */
const CACHE_KIB = 2_097_152;
/** The WAL of the index is copied into the file once in so many steps. */
const CHECKPOINT_STEPS = 16;
/** A filled table holds the messages of this year, evenly spread, in the order in which they came. */
export const YEAR_START_MS = Date.UTC(2025, 0, 1);
export const YEAR_MS = 365 * 86_400_000;

export interface Filled {
  readonly path: string;
  /** Time the filling took; null when the file was there from an earlier run. */
  readonly fillSeconds: number | null;
}

/**
 * Returns a database with `rows` messages and its index, in `directory` or else in the system's for temporary files. It is
 * to be changed in a copy only. `sources`: some of the messages are of a named source, and there are events too.
 */
export function filledTable(rows: number, directory = '', sources = false): Filled {
  const home = `${tableHome(rows, directory)}${sources ? '-sources' : ''}`;
  const path = join(home, 'app.db');
  if (existsSync(home)) return { path, fillSeconds: null };
  const startMs = performance.now();
  const partial = `${home}.partial`;
  mkdirSync(partial, { recursive: true });
  fill(join(partial, 'app.db'), rows, sources);
  renameSync(partial, home);
  return { path, fillSeconds: (performance.now() - startMs) / 1_000 };
}

/** Returns the directory in which a table of `rows` messages is kept. Its name changes with the messages. */
export function tableHome(rows: number, directory: string): string {
  const source = readFileSync(new URL('./corpus.ts', import.meta.url));
  const key = createHash('sha256').update(source).digest('hex').slice(0, 8);
  return join(directory === '' ? CACHE : directory, `${FORMAT}-${key}-${rows}`);
}

/** Copies a database, with its index where it has one, and waits until the disk has it: else it would write while something is measured. */
export function copyTable(from: string, to: string): void {
  for (const [source, target] of [
    [from, to],
    [indexPath(from), indexPath(to)],
  ] as const) {
    if (!existsSync(source)) continue;
    copyFileSync(source, target, constants.COPYFILE_FICLONE);
    const descriptor = openSync(target, 'r+');
    fsyncSync(descriptor);
    closeSync(descriptor);
  }
}

/** Stores and indexes as the service does, in larger transactions. A kill leaves the last chunk, and the next run goes on from it. */
function fill(path: string, rows: number, sources: boolean): void {
  const writer = new Writer(path, ServiceLock.exclusive(path), CACHE_KIB);
  try {
    for (let first = writer.lastSeq; first < rows; first = writer.lastSeq) {
      const chunk = filledChunk(first, rows);
      append(writer, sources ? withSource(chunk) : chunk);
      progressPart('messages stored', writer.lastSeq, rows);
    }
    const events = sources ? ofSource(rows) : 0;
    for (let first = writer.lastSeq - rows; first < events; first = writer.lastSeq - rows) {
      const count = Math.min(CHUNK_MESSAGES, events - first);
      append(
        writer,
        statuses(first, count, (number) => instantOf(number, events)),
      );
      progressPart('events stored', writer.lastSeq - rows, events);
    }
    fillIndex(path, rows);
  } finally {
    writer.close();
  }
}

function append(writer: Writer, items: readonly Item[]): void {
  const { failure } = writer.append(items);
  if (failure !== null) throw new Error(`the table could not be filled: ${failure}`);
  writer.wal.truncate();
}

/** The instant of one of so many, spread evenly over the year, in milliseconds since 1970. */
export function instantOf(number: number, all: number): number {
  return YEAR_START_MS + (number / all) * YEAR_MS;
}

function fillIndex(path: string, rows: number): void {
  const indexer = new Indexer(path);
  try {
    for (let steps = 1; indexer.step() !== 'none'; steps += 1) {
      const { listedSeq, searchedSeq } = indexer.progress.index;
      progressPart('messages listed and found by search', listedSeq + searchedSeq, 2 * rows);
      if (steps % CHECKPOINT_STEPS === 0) indexer.checkpoint(true);
    }
    indexer.checkpoint(true);
  } finally {
    indexer.close();
  }
}

/** Returns the next messages of a table of `rows` that has `first` already: whole chunks, as each has a seed of its own. */
export function filledChunk(first: number, rows: number): Message[] {
  const count = Math.min(CHUNK_MESSAGES, rows - first);
  const corpus = new Corpus(1 + first / CHUNK_MESSAGES);
  return Array.from({ length: count }, (_, index) =>
    corpus.plantedMessage(first + index, instantOf(first + index, rows)),
  );
}
