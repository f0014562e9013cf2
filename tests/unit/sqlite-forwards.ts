// What tests of forwarding in SQLite share: a store over a file, and changes of a destination.
import { join } from 'node:path';
import type { ForwardChange, Store, Unfinished } from '../../app/storage/store.ts';
import { SqliteStore } from '../../app/storage/sqlite/store.ts';
import { type Cleaner, temporaryDirectory } from '../support/cleanup.ts';
import { silent } from './stores.ts';

export const NAME = 'app';

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

export function change(position: number, overrides: Partial<ForwardChange> = {}): ForwardChange {
  return {
    position,
    finished: [],
    put: [],
    remove: [],
    release: [],
    nowMs: 1,
    delivered: 0,
    ...overrides,
  };
}

/** A row that is to be retried. */
export function retried(seq: number, overrides: Partial<Unfinished> = {}): Unfinished {
  return {
    seq,
    state: 'retry',
    conversation: null,
    attempts: 1,
    firstMs: 1,
    lastMs: 1,
    dueMs: 5_000,
    error: 'it answered 500',
    ...overrides,
  };
}

/** A row that waits behind another of its conversation. */
export function waiting(seq: number, conversation: string): Unfinished {
  const never = { attempts: 0, firstMs: null, lastMs: null, dueMs: null, error: null };
  return { seq, state: 'waiting', conversation, ...never };
}
