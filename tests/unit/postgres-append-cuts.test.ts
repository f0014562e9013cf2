// The connection is cut at every step of an append: what was acknowledged is there, and the retry stores each message exactly once.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPostgresUrl } from '../../app/config/postgres-url.ts';
import { Connector } from '../../app/storage/postgres/database/connect.ts';
import { migrate } from '../../app/storage/postgres/database/migrations.ts';
import type { Session } from '../../app/storage/postgres/database/session.ts';
import { appendItems } from '../../app/storage/postgres/write/append.ts';
import type { AppendOutcome } from '../../app/storage/store.ts';
import { message } from '../contract/engine.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { postgresDatabase, queryOnce } from '../support/postgres.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import type { Direction, TcpProxy } from '../support/tcp-proxy.ts';

const CONNECT_MS_MAX = 60_000;
/** Every so many bytes: of what is sent most is one statement; each answer is short. */
const STEP_BYTES: Readonly<Record<Direction, number>> = { toServer: 37, toClient: 7 };

interface Scene {
  readonly proxy: TcpProxy;
  readonly direct: string;
  readonly connect: () => Promise<Session>;
}

async function sceneOf(t: Cleaner): Promise<Scene> {
  const direct = await postgresDatabase(t);
  const url = new URL(direct);
  const proxy = await startTcpProxy(t, Number(url.port));
  url.port = String(proxy.port);
  const connector = new Connector(readPostgresUrl('DATABASE_URL', url.href));
  const connect = (): Promise<Session> => connector.connect(CONNECT_MS_MAX);
  const session = await connect();
  await migrate(session);
  await session.end();
  return { proxy, direct, connect };
}

/** Two messages: one that is stored already, so that every statement of the append has something to do, and a new one. */
async function appendOnce(session: Session, place: number): Promise<readonly AppendOutcome[]> {
  const messages = [`stored`, `cut-${place}`].map((id) => message({ message_id: id }));
  return (await appendItems(session, messages, 'READ COMMITTED')).outcomes;
}

/** Appends, and gives the outcomes; null where the connection was cut before they came. */
async function appendOrNull(
  session: Session,
  place: number,
): Promise<readonly AppendOutcome[] | null> {
  try {
    return await appendOnce(session, place);
  } catch (error) {
    // Only a broken connection may keep an append from its outcomes.
    assert.ok(session.broken, String(error));
    return null;
  }
}

describe('an append whose connection is cut', () => {
  for (const direction of ['toServer', 'toClient'] as const)
    it(`${direction === 'toServer' ? 'on the way to' : 'on the way back from'} the server, at every step`, async (t) => {
      const { proxy, direct, connect } = await sceneOf(t);
      const first = await connect();
      await appendOnce(first, 0);
      const before = proxy.passed[direction];
      await appendOnce(first, 1);
      const exchange = proxy.passed[direction] - before;
      await first.end();

      let place = 2;
      const seen = { lost: 0, kept: 0, answered: 0 };
      for (let bytes = 1; bytes <= exchange; bytes += STEP_BYTES[direction]) {
        const session = await connect();
        proxy.cutAfter(bytes, direction);
        const outcomes = await appendOrNull(session, place);
        session.destroy();
        // The cut may not have come: then it must not hit what follows.
        proxy.cutAfter(Infinity, direction);
        const again = await connect();
        const [, retried] = await appendOnce(again, place);
        await again.end();
        if (outcomes !== null) {
          assert.deepEqual([outcomes[1], retried], ['created', 'duplicate']);
          seen.answered += 1;
        } else seen[retried === 'created' ? 'lost' : 'kept'] += 1;
        place += 1;
      }
      assert.ok(seen.lost > 0, JSON.stringify(seen));
      // A commit whose answer was cut off is there; one that never arrived whole is not.
      if (direction === 'toClient') assert.ok(seen.kept > 0, JSON.stringify(seen));
      t.diagnostic(`${exchange} bytes: ${JSON.stringify(seen)}`);

      const [row] = await queryOnce(
        direct,
        `SELECT count(*)::int AS rows, count(DISTINCT b.first_seq + m.ord)::int AS numbers
         FROM messages m JOIN batches b ON b.batch = m.batch`,
      );
      assert.deepEqual(row, { rows: place + 1, numbers: place + 1 });
      const [newest] = await queryOnce(
        direct,
        'SELECT total::int AS total FROM batches ORDER BY first_seq DESC LIMIT 1',
      );
      assert.deepEqual(newest, { total: place + 1 });
    });
});
