// A table of PostgreSQL with the messages of `filledTable`, stored through the port as the service stores them.
import { setTimeout as sleep } from 'node:timers/promises';
import { readPostgresUrl } from '../app/config/postgres-url.ts';
import type { Item } from '../app/model/item.ts';
import { openStore } from '../app/storage/open.ts';
import type { Store, StoreObserver } from '../app/storage/store.ts';
import { filledChunk, instantOf } from './fill.ts';
import type { BenchServer } from './postgres-server.ts';
import { progressPart } from './report.ts';
import { ofSource, statuses, withSource } from './source-items.ts';

/** Messages of an append: a full batch. */
const APPEND_MESSAGES = 512;
const APPENDS_AT_ONCE = 3;
const EVENTS_CHUNK = 100_000;
/** The queue refuses what would wait for too long, as it does while the machine is busy. */
const RETRY_MS = 200;
const OPTIONS = {
  queueMessagesMax: APPEND_MESSAGES * APPENDS_AT_ONCE,
  retentionDays: null,
  forwards: [],
  readerThreads: 1,
};

/**
 * Returns the URL of a new database with `rows` messages, and the seconds that it took. Rejects when one was not stored. `sources` as of
 * `filledTable`.
 */
export async function filledPostgres(
  database: BenchServer,
  rows: number,
  sources = false,
): Promise<{ url: string; fillSeconds: number }> {
  const startMs = performance.now();
  const url = await database.createDatabase();
  const store = await openStore(readPostgresUrl('DATABASE_URL', url), OPTIONS, OBSERVER);
  try {
    await fill(store, rows, (first) => {
      const chunk = filledChunk(first, rows);
      return sources ? withSource(chunk) : chunk;
    });
    const events = sources ? ofSource(rows) : 0;
    await fill(store, events, (first) =>
      statuses(first, Math.min(EVENTS_CHUNK, events - first), (number) =>
        instantOf(number, events),
      ),
    );
  } finally {
    await store.close();
  }
  return { url, fillSeconds: (performance.now() - startMs) / 1_000 };
}

/** Stores `rows` items; `chunkAt` returns those that come after so many. */
async function fill(
  store: Store,
  rows: number,
  chunkAt: (first: number) => readonly Item[],
): Promise<void> {
  let stored = 0;
  while (stored < rows) {
    const chunk = chunkAt(stored);
    let next = 0;
    const appendInTurn = async (): Promise<void> => {
      while (next < chunk.length) {
        const messages = chunk.slice(next, (next += APPEND_MESSAGES));
        await append(store, messages);
        stored += messages.length;
        progressPart('items stored', stored, rows);
      }
    };
    await Promise.all(Array.from({ length: APPENDS_AT_ONCE }, appendInTurn));
  }
}

async function append(store: Store, messages: readonly Item[]): Promise<void> {
  for (;;) {
    const result = await store.append(messages);
    if (!('unavailable' in result)) return;
    if (result.unavailable !== 'queue_full')
      throw new Error(`the table could not be filled: ${result.unavailable}`);
    await sleep(RETRY_MS);
  }
}

const quiet = (): void => undefined;
const OBSERVER: StoreObserver = {
  batch: quiet,
  index: quiet,
  hazard: quiet,
  waitingForLock: quiet,
  waitingForDatabase: quiet,
  checkpoint: quiet,
  diskRecovered: quiet,
  pruned: quiet,
  pruneRun: quiet,
  fatal: (error) => {
    throw error;
  },
};
