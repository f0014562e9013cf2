// Several stores over one PostgreSQL database, as replicas have them.
import { readPostgresUrl } from '../../app/config/postgres-url.ts';
import { PostgresStore } from '../../app/storage/postgres/store.ts';
import type { Store } from '../../app/storage/store.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { postgresDatabase } from '../support/postgres.ts';
import { silent } from './stores.ts';

export const ISOLATIONS = ['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'] as const;

export type Isolation = (typeof ISOLATIONS)[number];

/** A database of its own, which is dropped after the stores that were opened over it are closed. */
export async function database(t: Cleaner): Promise<{ url: string; opened: Store[] }> {
  const opened: Store[] = [];
  const url = await postgresDatabase({
    after: (drop) =>
      t.after(async () => {
        await Promise.all(opened.map((store) => store.close()));
        await drop();
      }),
  });
  return { url, opened };
}

/** Opens one more store over a database. */
export async function openAt(url: string, isolation: Isolation = 'READ COMMITTED'): Promise<Store> {
  const options = {
    queueMessagesMax: 10_000,
    retentionDays: null,
    readerThreads: 2,
    isolation,
    forwards: [],
  };
  return await PostgresStore.open(readPostgresUrl('DATABASE_URL', url), options, silent);
}
