// SQLite as an engine of the suite: the one file of the suite that knows how it is opened and where it lies.
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { openAdmin, openStore } from '../../app/storage/open.ts';
import type { Store } from '../../app/storage/store.ts';
import { eventually } from '../support/bounded.ts';
import { type Cleaner, temporaryDirectory } from '../support/cleanup.ts';
import { silent } from '../unit/stores.ts';
import type { AdminEngine } from './admin-engine.ts';
import type { Engine, StoreOptions } from './engine.ts';

const BACKLOGS = ['oncebox_list_backlog_messages', 'oncebox_search_backlog_messages'];

export function sqliteEngine(t: Cleaner): Engine & AdminEngine {
  const stores: Store[] = [];
  t.after(async () => {
    for (const store of stores) await store.close();
  });
  let path = join(temporaryDirectory(t), 'app.db');
  return {
    admin: () => openAdmin({ engine: 'sqlite', path }),
    open: async ({ queueMessagesMax = 10_000, forwards = [] }: StoreOptions = {}) => {
      const options = { queueMessagesMax, forwards, retentionDays: null, readerThreads: 2 };
      const store = await openStore({ engine: 'sqlite', path }, options, silent);
      stores.push(store);
      return store;
    },
    settled: async (store: Store) => {
      await eventually('the index to follow', async () => {
        const gauges = await store.readGauges();
        return BACKLOGS.every((name) => gauges?.get(name) === 0) ? true : undefined;
      });
    },
    // The index is not copied: without it, everything has to be there as well.
    crash: async () => {
      const copy = join(temporaryDirectory(t), 'app.db');
      for (const suffix of ['', '-wal'])
        if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix);
      path = copy;
    },
  };
}
