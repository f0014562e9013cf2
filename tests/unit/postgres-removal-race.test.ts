// A message that is removed while it is posted again: at every isolation its id is known, and it does not come back.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readPostgresUrl } from '../../app/config/postgres-url.ts';
import { Connector } from '../../app/storage/postgres/database/connect.ts';
import { inTransaction } from '../../app/storage/postgres/database/transaction.ts';
import { removeItems } from '../../app/storage/postgres/index/removal.ts';
import { PostgresStore } from '../../app/storage/postgres/store.ts';
import { append, idsOf, message, stream } from '../contract/engine.ts';
import { eventually } from '../support/bounded.ts';
import { postgresDatabase, queryOnce } from '../support/postgres.ts';
import { silent } from './stores.ts';

const NEVER_SECONDS = 99_999_999_999;
const WAITING = `SELECT count(*)::int AS waiting FROM pg_stat_activity
  WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO messages%'`;

for (const isolation of ['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'] as const)
  it(`an append that waits for a removal finds its tombstone, at ${isolation}`, async (t) => {
    const location = readPostgresUrl('DATABASE_URL', await postgresDatabase(t));
    const url = `postgres://${location.user}:${location.password}@127.0.0.1:${location.hosts[0]?.port}/${location.database}`;
    const options = {
      queueMessagesMax: 1_000,
      retentionDays: null,
      forwards: [],
      readerThreads: 1,
      isolation,
    };
    const store = await PostgresStore.open(location, options, silent);
    const session = await new Connector(location).connect(60_000);
    try {
      const [raced, other] = [message(), message()];
      await append(store, raced);
      const appended = await inTransaction(
        session,
        async () => {
          const ids = [Buffer.from(raced.message_id)];
          const removal = { messages: ids, events: [], beforeSeconds: NEVER_SECONDS };
          assert.equal((await removeItems(session, removal)).messages, 1);
          const outcomes = append(store, raced, other);
          await eventually('the append to wait', async () => {
            const [row] = await queryOnce(url, WAITING);
            return row?.['waiting'] === 1 || undefined;
          });
          return { outcomes };
        },
        'READ COMMITTED',
      );
      assert.deepEqual(await appended.outcomes, ['duplicate', 'created']);
      assert.deepEqual(idsOf((await stream(store)).map((entry) => entry.message)), [
        other.message_id,
      ]);
    } finally {
      await session.end();
      await store.close();
    }
  });
