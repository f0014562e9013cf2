// What tests of forwarding in SQLite share: a store over a file, and rows of a destination.
import { join } from 'node:path';
import type { Store, Unfinished } from '../../app/storage/store.ts';
import { SqliteStore } from '../../app/storage/sqlite/store.ts';
import { NAME, retrying } from '../contract/forward-changes.ts';
import { type Cleaner, temporaryDirectory } from '../support/cleanup.ts';
import { silent } from './stores.ts';

export function databasePath(t: Cleaner): string {
  return join(temporaryDirectory(t), 'app.db');
}

/** Opens a store that is closed after the test. */
export async function openStore(t: Cleaner, path: string): Promise<Store> {
  const options = { path, queueMessagesMax: 100, retentionDays: null, forwards: [NAME] };
  const store = await SqliteStore.open({ ...options, readerThreads: 1 }, silent);
  t.after(() => store.close());
  return store;
}

/** A row of no conversation that is to be retried. */
export function retried(seq: number, overrides: Partial<Unfinished> = {}): Unfinished {
  return retrying(seq, 5_000, { conversation: null, ...overrides });
}
