// Lists of many messages in PostgreSQL: segments are cut, counted, emptied and built anew, and positions stay exact throughout.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Message } from '../../app/model/message.ts';
import { compareOrder } from '../../app/model/order.ts';
import { Connector } from '../../app/storage/postgres/database/connect.ts';
import type { Session } from '../../app/storage/postgres/database/session.ts';
import { inTransaction } from '../../app/storage/postgres/database/transaction.ts';
import { rebuildLists } from '../../app/storage/postgres/index/rebuild.ts';
import { type Removed, removeItems } from '../../app/storage/postgres/index/removal.ts';
import type { Store } from '../../app/storage/store.ts';
import { append, keyOf, list, message } from '../contract/engine.ts';
import { MemoryStore } from '../contract/oracle.ts';
import { locationOf, postgresEngine } from '../contract/postgres.ts';

/** One sender has enough messages for segments of its own; the others share the rest. */
const MESSAGES = 12_000;
const BUSY = '+15550000';
const GROUP = 500;
const OFFSETS = [0, 1, 2_047, 2_048, 2_049, 4_095, 5_000, 7_777, 11_500];
const DAY = { fromSeconds: 1_735_689_600, toSeconds: 1_767_225_600, stepSeconds: 86_400 };
const MINUTES = { fromSeconds: 1_736_935_200, toSeconds: 1_736_959_200, stepSeconds: 60 };

/** Over a year in no order, so that every step changes every part of the list. */
function population(): Message[] {
  return Array.from({ length: MESSAGES }, (_, place) => {
    const seconds = 1_735_689_600 + ((place * 7_919_773) % 31_536_000);
    const from = place % 2 === 0 ? BUSY : `+1555${1_000 + (place % 300)}`;
    const ts = `${new Date(seconds * 1_000).toISOString().slice(0, 19)}Z`;
    return message({ from, ts, text: place % 3 === 0 ? null : `Text ${place}` });
  });
}

function add(counts: number[], place: number): void {
  counts[place] = (counts[place] ?? 0) + 1;
}

/** Sorted once: a store in memory would sort for each page. */
async function assertAgrees(store: Store, committed: readonly Message[]): Promise<void> {
  const sorted = committed
    .map((each) => ({ each, key: keyOf(each) }))
    .toSorted((a, b) => compareOrder(a.key, b.key));
  const since = keyOf(message({ ts: '2025-07-01T12:00:00Z' }));
  for (const from of [null, BUSY, '+15551001'])
    for (const filter of [null, since]) {
      const expected = sorted
        .filter(({ each }) => from === null || each.from === from)
        .filter(({ key }) => filter === null || compareOrder(key, filter) >= 0)
        .map(({ each }) => each);
      for (const offset of OFFSETS) {
        const { data, total } = await list(store, { limit: 3, offset, from, since: filter });
        assert.deepEqual(data, expected.slice(offset, offset + 3), `${from} ${offset}`);
        assert.equal(total, expected.length);
      }
    }
  for (const text of ['TEXT 77', 'xt 1', '9', 'absent']) {
    const expected = sorted.filter(({ each }) =>
      each.text?.toUpperCase().includes(text.toUpperCase()),
    );
    const { data, total } = await list(store, { limit: 5, offset: 7, text });
    assert.deepEqual(
      data,
      expected.slice(7, 12).map(({ each }) => each),
    );
    assert.equal(total, expected.length);
  }
  assert.deepEqual(await store.stats(), await new MemoryStore([...committed]).stats());
  for (const range of [DAY, MINUTES]) {
    const { fromSeconds, toSeconds, stepSeconds } = range;
    const counts = Array.from({ length: (toSeconds - fromSeconds) / stepSeconds }, () => 0);
    for (const { key } of sorted)
      if (key.seconds >= fromSeconds && key.seconds < toSeconds)
        add(counts, Math.floor((key.seconds - fromSeconds) / stepSeconds));
    assert.deepEqual(await store.timeline(range), counts);
  }
}

/** Each segment counts what is in its range, and each count of a sender or a period what it says. */
async function assertCounts(session: Session): Promise<void> {
  const wrong = await session.rows<[string, number, number, number]>(`
    WITH ranges AS (
      SELECT g.*, s.from_msisdn, lead((g.ts_seconds, g.ts_nanos, g.message_id))
        OVER (PARTITION BY list ORDER BY g.ts_seconds, g.ts_nanos, g.message_id) AS end
      FROM segments g LEFT JOIN senders s ON s.sender = g.list
    ), counted AS (
      SELECT 'segment' AS kind, segment AS id, messages, (SELECT count(*) FROM messages m
        WHERE (r.from_msisdn IS NULL OR m.from_msisdn = r.from_msisdn)
          AND (m.ts_seconds, m.ts_nanos, m.message_id) >= (r.ts_seconds, r.ts_nanos, r.message_id)
          AND (r.end IS NULL OR (m.ts_seconds, m.ts_nanos, m.message_id) < r.end)) AS actual FROM ranges r
      UNION ALL
      SELECT 'sender', sender, messages, (SELECT count(*) FROM messages m WHERE m.from_msisdn = s.from_msisdn) FROM senders s
      UNION ALL
      SELECT 'period', start, messages, (SELECT count(*) FROM messages m
        WHERE m.ts_seconds >= p.start AND m.ts_seconds < p.start + p.unit) FROM periods p WHERE unit = 86400
    ) SELECT kind, id, messages, actual FROM counted WHERE messages <> actual`);
  assert.deepEqual(wrong, []);
}

async function segmentsOf(session: Session): Promise<number[]> {
  const rows = await session.rows<[number]>(
    'SELECT count(*) FROM segments GROUP BY list ORDER BY list',
  );
  return rows.map(([count]) => count);
}

describe('the lists of PostgreSQL', () => {
  it('agree with a store in memory while they grow, are emptied, and are built anew', async (t) => {
    const engine = postgresEngine(t);
    const store = await engine.open();
    const session = await new Connector(locationOf(await engine.url)).connect(60_000);
    t.after(() => session.end());
    const all = population();
    const committed: Message[] = [];
    for (let at = 0; at < all.length; at += GROUP) {
      await append(store, ...all.slice(at, at + GROUP));
      committed.push(...all.slice(at, at + GROUP));
      if (at % 4_000 === 0) await assertAgrees(store, committed);
      if (at % 6_000 === 0) await engine.settled(store);
    }
    await engine.settled(store);
    await assertAgrees(store, committed);
    await assertCounts(session);
    const [ofAll, ofBusy] = await segmentsOf(session);
    assert.ok((ofAll ?? 0) >= 3 && (ofBusy ?? 0) >= 2, 'segments are cut');

    // Every third, and all of one sender.
    const removed = new Set(
      all.filter(({ from }, place) => place % 3 === 0 || from === '+15551001'),
    );
    const ids = [...removed].map(({ message_id }) => Buffer.from(message_id));
    const remove = (): Promise<Removed> =>
      removeItems(session, { messages: ids, events: [], beforeSeconds: 9_999_999_999 });
    assert.equal((await inTransaction(session, remove, 'READ COMMITTED')).messages, removed.size);
    assert.equal((await inTransaction(session, remove, 'READ COMMITTED')).messages, 0);
    committed.splice(0, Infinity, ...all.filter((each) => !removed.has(each)));
    await assertAgrees(store, committed);
    await assertCounts(session);
    const [again = all[0]] = removed;
    assert.ok(again);
    assert.deepEqual(await append(store, again, { ...again, text: 'other' }), [
      'duplicate',
      'duplicate',
    ]);
    await assertAgrees(store, committed);

    await inTransaction(session, () => rebuildLists(session));
    await assertAgrees(store, committed);
    await assertCounts(session);
  });
});
