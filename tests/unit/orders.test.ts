// Pages, totals and statistics are the same however much of the orders has been filled: held against an oracle.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseInstant } from '../../app/model/instant.ts';
import type { Message } from '../../app/model/message.ts';
import { compareOrder, type OrderKey } from '../../app/model/order.ts';
import type { Cursor, MessageQuery, Page } from '../../app/model/page.ts';
import { openForReading } from '../../app/storage/sqlite/file/connection.ts';
import { selectPage } from '../../app/storage/sqlite/read/page.ts';
import { selectStats } from '../../app/storage/sqlite/read/stats.ts';
import { verifyCounts } from '../../app/storage/sqlite/maintenance/verify.ts';
import { Writer } from '../../app/storage/sqlite/write/writer.ts';

const SENDERS = ['+1', '+2', '+33', '+444'];
const TIMES = [
  '0001-01-01T00:00:00Z',
  '2025-01-15T10:00:00Z',
  '2025-01-15T10:00:00.5Z',
  '2025-01-15T10:00:00.500000001Z',
  '2025-01-15T10:00:01Z',
  '9999-12-31T23:59:59.999999999Z',
];
const ids = fc.oneof(
  fc.string({ minLength: 1, maxLength: 3 }),
  fc.constantFrom('\u{1f600}', '\uffff', '\0', 'é'),
);
const drafts = fc.uniqueArray(
  fc.record({ id: ids, from: fc.constantFrom(...SENDERS), ts: fc.constantFrom(...TIMES) }),
  { selector: ({ id }) => id, maxLength: 60 },
);

function keyOf(message: Message): OrderKey {
  const instant = parseInstant(message.ts);
  assert.ok(instant);
  return { ...instant, messageId: message.message_id };
}

function messagesOf(page: Page): Message[] {
  return JSON.parse(Buffer.from(page.json).toString()) as Message[];
}

function query(overrides: Partial<MessageQuery>): MessageQuery {
  return { limit: 50, offset: 0, from: null, since: null, text: null, cursor: null, ...overrides };
}

test('every page and total equals the oracle, with the orders empty, half filled and full', () => {
  fc.assert(
    fc.property(drafts, fc.nat(60), fc.integer({ min: 1, max: 7 }), (draft, filled, limit) => {
      const directory = mkdtempSync(join(tmpdir(), 'oncebox-orders-'));
      const path = join(directory, 'app.db');
      const writer = new Writer(path);
      try {
        const messages = draft.map(({ id, from, ts }): Message => ({
          message_id: id.toWellFormed(),
          from,
          to: '+9',
          ts,
          text: `text of ${from}`,
        }));
        const unique = [...new Map(messages.toReversed().map((m) => [m.message_id, m])).values()];
        writer.append(unique);
        if (filled > 0) assert.equal(writer.fillOrder(filled), null);
        const database = openForReading(path);
        try {
          const ordered = unique.toSorted((a, b) => compareOrder(keyOf(a), keyOf(b)));
          for (const from of [null, '+1', '+404']) {
            for (const since of [
              null,
              '2025-01-15T10:00:00.5Z',
              '9999-12-31T23:59:59.999999999Z',
            ]) {
              const least = since === null ? null : parseInstant(since);
              const expected = ordered.filter(
                (m) =>
                  (from === null || m.from === from) &&
                  (least === null || compareOrder(keyOf(m), { ...least, messageId: '' }) >= 0),
              );
              for (const text of [null, 'TEXT']) {
                const base = query({ from, since: least, text, limit });
                for (let offset = 0; offset <= expected.length; offset += limit) {
                  const page = selectPage(database, { ...base, offset });
                  assert.deepEqual(messagesOf(page), expected.slice(offset, offset + limit));
                  assert.equal(page.total, expected.length);
                }
                assert.deepEqual(walk(database, base, 'after'), expected);
                assert.deepEqual(walk(database, base, 'before'), expected);
              }
            }
          }
          const stats = selectStats(database);
          assert.equal(stats.total_messages, unique.length);
          assert.equal(stats.first_message_ts, ordered[0]?.ts ?? null);
          assert.equal(stats.last_message_ts, ordered.at(-1)?.ts ?? null);
          assert.equal(stats.senders_count, new Set(unique.map((m) => m.from)).size);
          assert.deepEqual(verifyCounts(database), []);
        } finally {
          database.close();
        }
      } finally {
        writer.close();
        rmSync(directory, { recursive: true });
      }
    }),
    { numRuns: 40 },
  );
});

/** Follows cursors through the whole list, from its start or back from its end. */
function walk(
  database: ReturnType<typeof openForReading>,
  base: MessageQuery,
  direction: Cursor['direction'],
): Message[] {
  const end = direction === 'after' ? -99_999_999_999 : 999_999_999_999;
  let cursor: Cursor | null = { direction, key: { seconds: end, nanos: 0, messageId: '' } };
  const seen: Message[][] = [];
  while (cursor !== null) {
    const page = selectPage(database, { ...base, cursor });
    seen.push(messagesOf(page));
    const key: OrderKey | null = direction === 'after' ? page.next : page.prev;
    cursor = key === null ? null : { direction, key };
  }
  return (direction === 'after' ? seen : seen.toReversed()).flat();
}

/** Each sender has more messages than one of its segments holds: its places and totals equal a scan. */
function sendersHold(database: ReturnType<typeof openForReading>): void {
  const scan = database.prepare(
    `SELECT message_id, ts FROM messages WHERE from_msisdn = ? ORDER BY ts_seconds, ts_nanos, message_id`,
  );
  const segments = database.prepare(
    `SELECT count(*) AS count, max(messages) AS most FROM sender_segments`,
  );
  const { count, most } = segments.get() as { count: number; most: number };
  assert.ok(count > 7 && most <= 4_096, `${count} segments, the largest of ${most}`);
  for (const from of ['+0', '+6']) {
    const all = scan.all(from);
    for (const place of [0, 1, 2_047, 2_048, 4_096, all.length - 1, all.length]) {
      const at = selectPage(database, query({ from, limit: 3, offset: place }));
      assert.equal(at.total, all.length);
      assert.deepEqual(
        messagesOf(at).map((m) => m.message_id),
        all.slice(place, place + 3).map((row) => row['message_id']),
      );
      const ts = String(all[place]?.['ts'] ?? '9999-12-31T00:00:00Z');
      const since = selectPage(database, query({ from, limit: 1, since: parseInstant(ts) }));
      assert.equal(since.total, all.filter((row) => String(row['ts']) >= ts).length);
    }
  }
}

test('segments split, and places stay right, with far more messages than one segment holds', () => {
  const directory = mkdtempSync(join(tmpdir(), 'oncebox-segments-'));
  const writer = new Writer(join(directory, 'app.db'));
  const total = 50_000;
  try {
    for (let first = 0; first < total; first += 5_000) {
      // Every second batch comes before all the others, so that segments grow in the middle too.
      const day = first % 10_000 === 0 ? 2 : 1;
      const batch = Array.from({ length: 5_000 }, (_, index): Message => {
        const number = String(first + index).padStart(6, '0');
        const ts = `2025-01-0${day}T10:${number.slice(0, 2)}:${String(index % 60).padStart(2, '0')}Z`;
        return { message_id: number, from: `+${index % 7}`, to: '+9', ts, text: null };
      });
      assert.equal(writer.append(batch).failure, null);
      assert.equal(writer.fillOrder(3_000), null);
    }
    while (writer.orderBacklog() > 0) assert.equal(writer.fillOrder(10_000), null);
    const database = openForReading(join(directory, 'app.db'));
    try {
      assert.deepEqual(verifyCounts(database), []);
      const all = database
        .prepare('SELECT message_id FROM messages ORDER BY ts_seconds, ts_nanos, message_id')
        .all()
        .map((row) => row['message_id']);
      for (const offset of [
        0, 1, 8_191, 8_192, 16_384, 24_999, 25_000, 49_998, 49_999, 50_000, 60_000,
      ]) {
        const page = selectPage(database, query({ limit: 3, offset }));
        assert.equal(page.total, total);
        assert.deepEqual(
          messagesOf(page).map((m) => m.message_id),
          all.slice(offset, offset + 3),
        );
      }
      sendersHold(database);
    } finally {
      database.close();
    }
  } finally {
    writer.close();
    rmSync(directory, { recursive: true });
  }
});
