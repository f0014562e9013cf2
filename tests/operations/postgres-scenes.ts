// Real faults of PostgreSQL, each with the alerts that it must set off; what SQLite alone has sets off none here.
import assert from 'node:assert/strict';
import { eventually } from '../support/bounded.ts';
import { message } from '../support/message.ts';
import { postgresDatabase, postgresServer, queryOnce } from '../support/postgres.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { startService } from '../support/service.ts';
import type { Scene } from './stage.ts';

/** A trigger that fails keeps what is derived from the messages behind them, however often it is tried again. */
function backlog(
  what: { name: string; table: string; metric: string; other: string },
  rows: number,
): Scene {
  let url = '';
  return {
    fault: `${what.name} of PostgreSQL cannot be written, and there are more messages than it holds`,
    fires: [],
    options: async (t) => {
      url = await postgresDatabase(t);
      return { env: { DATABASE_URL: url } };
    },
    play: async ({ service, recording }) => {
      const waiting = async (): Promise<number> =>
        (await recording.scrape(service)).find(({ name }) => name === what.metric)?.value ?? 0;
      // Not recorded: each scrape takes its time there.
      const filled = async (metric: string): Promise<true | undefined> =>
        (await service.get('/metrics')).text.includes(`\n${metric} 0\n`) || undefined;
      await eventually('what was posted to be filled', () => filled(what.metric));
      await queryOnce(
        url,
        `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'broken'; END $$;
         CREATE TRIGGER broken BEFORE UPDATE ON ${what.table} FOR EACH ROW EXECUTE FUNCTION fail()`,
      );
      await queryOnce(url, insert(rows));
      await eventually('what does not fail', () => filled(what.other));
      assert.ok((await waiting()) >= rows);
      recording.hold(80);
      await queryOnce(url, `DROP TRIGGER broken ON ${what.table}`);
      await eventually('the backlog to be worked off', async () =>
        (await waiting()) === 0 ? true : undefined,
      );
    },
  };
}

/** So many messages in one batch, as an append leaves them. */
const insert = (rows: number): string => `BEGIN;
  SELECT 1 FROM commit_order FOR UPDATE;
  INSERT INTO messages (message_id, from_msisdn, to_msisdn, ts, text, created_at, ts_seconds, ts_nanos, batch, ord)
  SELECT convert_to('scene-' || n, 'UTF8'), '+1', '+2', '2025-01-15T10:00:00Z', convert_to('text', 'UTF8'),
    '2025-01-15T10:00:00.000Z', 1736935200, 0, b.batch, n
  FROM (SELECT nextval('batch_ids') AS batch OFFSET 0) b, generate_series(0, ${rows} - 1) AS n;
  INSERT INTO batches (first_seq, width, created, total, batch)
  SELECT l.first_seq + l.width, ${rows}, ${rows}, l.total + ${rows}, currval('batch_ids')
  FROM batches l ORDER BY l.first_seq DESC LIMIT 1;
  COMMIT`;

/** The database of the scene with two replicas, and the server of the one that stops it. */
let shared = '';
let stopped: PostgresServer | undefined;

export const POSTGRES_SCENES: readonly Scene[] = [
  {
    fault: 'none, over PostgreSQL: posts and reads of two replicas',
    fires: [],
    options: async (t) => {
      shared = await postgresDatabase(t);
      return { env: { DATABASE_URL: shared } };
    },
    play: async ({ t, service, recording }) => {
      const other = await startService(t, { env: { DATABASE_URL: shared } });
      for (let round = 0; round < 8; round += 1) {
        const sent = message();
        await service.store(sent);
        await other.store(sent);
        await other.get('/messages?q=hello');
        await service.get('/stats');
        await recording.scrape(service);
      }
    },
  },
  {
    fault: 'the PostgreSQL server is stopped, and started again',
    fires: ['OnceboxBatchesFail', 'OnceboxNotReady', 'OnceboxReadsFail', 'OnceboxRefusesWebhooks'],
    reason: 'database',
    options: async (t) => {
      stopped = await postgresServer(t);
      return { env: { DATABASE_URL: await postgresDatabase(t, stopped) } };
    },
    play: async ({ service, recording }) => {
      await stopped?.stop();
      for (let round = 0; round < 3; round += 1) {
        assert.equal((await service.post(message())).status, 503);
        assert.equal((await service.get('/stats')).status, 503);
        await recording.scrape(service);
        recording.hold(10);
      }
      await stopped?.start();
      await eventually('a post to be accepted', async () =>
        (await service.post(message())).status === 200 ? true : undefined,
      );
    },
  },
  {
    ...backlog(
      {
        name: 'search',
        table: 'search_state',
        metric: 'oncebox_search_backlog_messages',
        other: 'oncebox_list_backlog_messages',
      },
      26_000,
    ),
    fires: ['OnceboxSearchBehind'],
  },
  {
    ...backlog(
      {
        name: 'the lists',
        table: 'list_state',
        metric: 'oncebox_list_backlog_messages',
        other: 'oncebox_search_backlog_messages',
      },
      41_000,
    ),
    fires: ['OnceboxListsBehind'],
  },
];
