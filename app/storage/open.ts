// From DATABASE_URL to an engine: the one file of this room, beside the port, that the rest of the program imports.
import { SqliteStore, type SqliteOptions } from './sqlite/store.ts';
import type { Store, StoreObserver } from './store.ts';

/** Opens the store that the service works on. Rejects with OpenError, whose message is for the operator. */
export function openStore(options: SqliteOptions, observer: StoreObserver): Promise<Store> {
  return SqliteStore.open(options, observer);
}
