// PostgreSQL as an engine of the suite: the one file of the suite that knows how it is opened.
import type { PostgresLocation } from '../../app/model/database.ts';
import { openAdmin, openStore } from '../../app/storage/open.ts';
import type { Store } from '../../app/storage/store.ts';
import { eventually } from '../support/bounded.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { endConnections, postgresDatabase } from '../support/postgres.ts';
import { silent } from '../unit/stores.ts';
import type { AdminEngine } from './admin-engine.ts';
import type { Engine, StoreOptions } from './engine.ts';

const BACKLOGS = ['oncebox_list_backlog_messages', 'oncebox_search_backlog_messages'];

/** `isolation` is that of appends. */
export function postgresEngine(
  t: Cleaner,
  isolation: 'READ COMMITTED' | 'REPEATABLE READ' | 'SERIALIZABLE' = 'READ COMMITTED',
): Engine & AdminEngine & { readonly url: Promise<string> } {
  const stores: Store[] = [];
  const url = postgresDatabase({
    // The stores are closed before their database is dropped.
    after: (drop) =>
      t.after(async () => {
        for (const store of stores) await store.close();
        await drop();
      }),
  });
  return {
    url,
    admin: async () => openAdmin(locationOf(await url)),
    open: async ({ queueMessagesMax = 10_000, forwards = [] }: StoreOptions = {}) => {
      const location = locationOf(await url);
      const options = {
        queueMessagesMax,
        forwards,
        retentionDays: null,
        readerThreads: 2,
        isolation,
      };
      const store = await openStore(location, options, silent);
      stores.push(store);
      return store;
    },
    settled: async (store: Store) => {
      await eventually('lists and search to follow', async () => {
        const gauges = await store.readGauges();
        return BACKLOGS.every((name) => gauges?.get(name) === 0) ? true : undefined;
      });
    },
    // The server sees what it would see of a process that ends: connections that are gone in the middle of what they do.
    crash: async () => endConnections(await url),
  };
}

/** The location of a database of the tests. */
export function locationOf(url: string): PostgresLocation {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    engine: 'postgres',
    hosts: [{ host: hostname, port: Number(port) }],
    user: username,
    password: decodeURIComponent(password),
    database: pathname.slice(1),
    tls: { mode: 'disable', rootCertificate: null, certificate: null, key: null },
    applicationName: 'contract',
  };
}
