// A store that closes: what is under way and what comes later ends with that reason, and nothing hangs.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { SqliteStore } from '../../app/storage/sqlite/store.ts';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { makeStatsEndless } from '../support/unavailable.ts';
import { silent } from './stores.ts';

const MESSAGE = {
  message_id: 'm1',
  from: '+15550100',
  to: '+15550101',
  ts: '2025-01-15T10:00:00Z',
  text: null,
};

describe('a store that closes', () => {
  it('says so to reads at work, to reads that wait, and to all that come later', async (t) => {
    const path = join(temporaryDirectory(t), 'app.db');
    const options = {
      path,
      queueMessagesMax: 16,
      retentionDays: null,
      forwards: [],
      readerThreads: 1,
    };
    const store = await SqliteStore.open(options, silent);
    t.after(() => store.close());
    assert.deepEqual(await store.append([MESSAGE]), ['created']);
    await eventually('the index to be there', async () =>
      (await store.readGauges())?.get('oncebox_list_backlog_messages') === 0 ? true : undefined,
    );
    const restore = makeStatsEndless(path);
    const reads = Array.from({ length: 3 }, () =>
      assert.rejects(store.stats(), { reason: 'shutting_down' }),
    );
    const closed = store.close();
    await Promise.all(reads);
    await closed;
    restore();
    await assert.rejects(store.stats(), { reason: 'shutting_down' });
    assert.deepEqual(await store.append([MESSAGE]), { unavailable: 'shutting_down' });
    const { checks, reason } = await store.check();
    assert.deepEqual([checks.store === null, reason], [false, 'shutting_down']);
    assert.equal(await store.readGauges(), null);
  });
});
