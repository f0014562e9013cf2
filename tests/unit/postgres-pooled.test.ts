// PostgreSQL behind pgbouncer in transaction mode: a store keeps the parts of its contract in which connections are shared.
import { describe, it } from 'node:test';
import { readPostgresUrl } from '../../app/config/postgres-url.ts';
import { PostgresStore } from '../../app/storage/postgres/store.ts';
import type { Store } from '../../app/storage/store.ts';
import { APPENDS } from '../contract/appends.ts';
import { CONCURRENCY } from '../contract/concurrency.ts';
import type { Clause } from '../contract/engine.ts';
import { SEARCH } from '../contract/search.ts';
import { eventually } from '../support/bounded.ts';
import { startPgbouncer } from '../support/pgbouncer.ts';
import { postgresDatabase } from '../support/postgres.ts';
import { silent } from './stores.ts';

const CLAUSES: readonly Clause[] = [...APPENDS, ...CONCURRENCY, ...SEARCH];
/** Fewer than the store would open: its parts share them. */
const SERVER_CONNECTIONS = 3;

describe('a PostgreSQL store behind pgbouncer', () => {
  for (const clause of CLAUSES)
    it(clause.name, async (t) => {
      const stores: Store[] = [];
      const database = await postgresDatabase({
        after: (drop) =>
          t.after(async () => {
            for (const store of stores) await store.close();
            await drop();
          }),
      });
      const url = await startPgbouncer(t, database, SERVER_CONNECTIONS);
      if (url === undefined) return;
      await clause.holds({
        open: async ({ queueMessagesMax = 10_000 } = {}) => {
          const options = { queueMessagesMax, retentionDays: null, forwards: [], readerThreads: 2 };
          const location = readPostgresUrl('DATABASE_URL', url);
          const store = await PostgresStore.open(location, options, silent);
          stores.push(store);
          return store;
        },
        settled: async (store) => {
          await eventually('lists and search to follow', async () => {
            const gauges = await store.readGauges();
            const backlogs = ['list', 'search'].map((name) =>
              gauges?.get(`oncebox_${name}_backlog_messages`),
            );
            return backlogs.every((backlog) => backlog === 0) ? true : undefined;
          });
        },
        crash: () => Promise.reject(new Error('no clause here crashes')),
      });
    });
});
