// From a database's location to its engine. The rest of the program imports this file and the two ports, and nothing else of storage.
import type { DatabaseLocation } from '../model/database.ts';
import type { StoreAdmin } from './admin.ts';
import { withoutLink } from './link.ts';
import type { Store, StoreObserver, StoreOptions } from './store.ts';

// An engine is loaded when it is opened: a command that needs none starts without it. Another engine is another case of
// `database.engine` in both functions.

/** Opens the store that the service works on. Rejects with an error whose message is for the operator. */
export async function openStore(
  database: DatabaseLocation,
  options: StoreOptions,
  observer: StoreObserver,
): Promise<Store> {
  if (database.engine === 'postgres') {
    const { PostgresStore } = await import('./postgres/store.ts');
    return PostgresStore.open(database, options, observer);
  }
  const { SqliteStore } = await import('./sqlite/store.ts');
  return SqliteStore.open({ path: withoutLink(database.path), ...options }, observer);
}

/** Returns the maintenance of a database. Each call opens the database by itself, and nothing stays open in between. */
export async function openAdmin(database: DatabaseLocation): Promise<StoreAdmin> {
  if (database.engine === 'postgres') {
    const { PostgresAdmin } = await import('./postgres/admin.ts');
    return new PostgresAdmin(database);
  }
  const { SqliteAdmin } = await import('./sqlite/admin.ts');
  return new SqliteAdmin(withoutLink(database.path));
}
