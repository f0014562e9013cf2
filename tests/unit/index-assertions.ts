// What the index is held against: every page, total, count and search, as a plain list of the messages has them.
import assert from 'node:assert/strict';
import type { DatabaseSync } from 'node:sqlite';
import { type Instant, parseInstant } from '../../app/model/instant.ts';
import type { Message } from '../../app/model/message.ts';
import { compareOrder, type OrderKey } from '../../app/model/order.ts';
import type { Cursor, Direction, MessageQuery, Page } from '../../app/model/page.ts';
import { foldCase } from '../../app/model/search.ts';
import { inSnapshot } from '../../app/storage/sqlite/index/reader-connection.ts';
import { verifyCounters } from '../../app/storage/sqlite/maintenance/verify-counts.ts';
import { verifyLists, verifySearch } from '../../app/storage/sqlite/maintenance/verify.ts';
import { selectPage } from '../../app/storage/sqlite/read/page.ts';
import { selectStats } from '../../app/storage/sqlite/read/stats.ts';
import { selectTimeline } from '../../app/storage/sqlite/read/timeline.ts';
import { type StoredMessage, keyOf, listed, sorted, sourceOf } from './index-life.ts';

const HALF = parseInstant('2025-01-15T10:00:00.5Z');
const SEARCHES = [
  'hello',
  'o',
  'réunion',
  'RE\u0301UN',
  'reunion',
  'x\0y',
  '한국',
  'kelvin',
  '😀😀',
  'absent',
];
export function query(overrides: Partial<MessageQuery>): MessageQuery {
  const filters = { from: null, source: null, since: null, until: null, text: null };
  return { limit: 50, offset: 0, cursor: null, order: 'asc', ...filters, ...overrides };
}

function isBefore(one: Message, end: Instant): boolean {
  return compareOrder(keyOf(one), { ...end, messageId: '' }) < 0;
}

/** What a query should find, in its order. */
export function expectedOf(
  all: readonly StoredMessage[],
  filter: Partial<MessageQuery>,
): StoredMessage[] {
  const { from, source, since, until, text, order } = query(filter);
  const found = all.filter(
    (one) =>
      (from === null || one.from === from) &&
      (source === null || sourceOf(one) === source) &&
      (since === null || !isBefore(one, since)) &&
      (until === null || isBefore(one, until)) &&
      (text === null || (one.text !== null && foldCase(one.text).includes(foldCase(text)))),
  );
  return order === 'asc' ? found : found.toReversed();
}

/** Everything that can be asked says what is stored. */
export function assertReads(
  database: DatabaseSync,
  stored: Iterable<StoredMessage>,
  limit: number,
): void {
  const page = (overrides: Partial<MessageQuery>): { data: Message[] } & Page =>
    inSnapshot(database, (progress) => {
      const found = selectPage(database, progress, query(overrides));
      return { ...found, data: JSON.parse(Buffer.from(found.json).toString()) as Message[] };
    });
  const all = sorted(stored);
  const filters: Partial<MessageQuery>[] = [
    {},
    { from: '+1' },
    { from: '+404' },
    { since: parseInstant('2025-01-15T10:00:00.5Z') },
    { since: parseInstant('9999-12-31T23:59:59.999999999Z'), from: '+2' },
    { until: parseInstant('2025-01-15T10:00:00.500000001Z'), order: 'desc' },
    { order: 'desc', from: '+2' },
    { order: 'desc', since: HALF, until: parseInstant('2025-01-15T10:01:01Z') },
    { since: HALF, until: HALF },
    { since: HALF, until: parseInstant('0001-01-01T00:00:00Z') },
    ...['default', 'wa', 'none'].flatMap((source) => [
      { source },
      { source, order: 'desc' as const, until: HALF },
      { source, from: '+1' },
      { source, from: '+2', order: 'desc' as const, since: HALF },
      { source, text: 'hello' },
      { source, text: 'o', order: 'desc' as const },
    ]),
    ...SEARCHES.map((text) => ({ text })),
    { text: 'hello', from: '+33' },
  ];
  for (const filter of filters) {
    const expected = listed(expectedOf(all, filter));
    for (let offset = 0; offset <= expected.length; offset += limit) {
      const { data, total } = page({ ...filter, limit, offset });
      assert.deepEqual(data, expected.slice(offset, offset + limit));
      assert.equal(total, expected.length);
    }
    for (const direction of ['after', 'before'] as const)
      assert.deepEqual(
        walk((cursor) => page({ ...filter, limit, cursor }), direction, filter.order),
        expected,
      );
  }
  assertFigures(database, all);
}

/** Follows cursors through the whole list, from its start or back from its end. */
function walk(
  page: (cursor: Cursor) => { data: Message[] } & Page,
  direction: Cursor['direction'],
  order: Direction = 'asc',
): Message[] {
  const fromStart = (direction === 'after') === (order === 'asc');
  const end = fromStart ? -99_999_999_999 : 999_999_999_999;
  let key: OrderKey | null = { seconds: end, nanos: 0, messageId: '' };
  const seen: Message[][] = [];
  while (key !== null) {
    const { data, prev, next } = page({ direction, key });
    seen.push(data);
    key = direction === 'after' ? next : prev;
  }
  return (direction === 'after' ? seen : seen.toReversed()).flat();
}

export function assertFigures(database: DatabaseSync, all: readonly Message[]): void {
  const counts = Map.groupBy(all, ({ from }) => from);
  const stats = inSnapshot(database, (progress) => selectStats(database, progress));
  assert.deepEqual(stats, {
    total_messages: all.length,
    senders_count: counts.size,
    messages_per_sender: [...counts]
      .map(([from, list]) => ({ from, count: list.length }))
      .toSorted((a, b) => b.count - a.count || (a.from < b.from ? -1 : 1)),
    first_message_ts: all[0]?.ts ?? null,
    last_message_ts: all.at(-1)?.ts ?? null,
  });
  const start = parseInstant('2025-01-15T10:00:00Z')?.seconds ?? 0;
  const range = { fromSeconds: start, toSeconds: start + 180, stepSeconds: 60 };
  assert.deepEqual(
    inSnapshot(database, (progress) => selectTimeline(database, progress, range)),
    [0, 1, 2].map(
      (bucket) =>
        all.filter((one) => Math.floor((keyOf(one).seconds - start) / 60) === bucket).length,
    ),
  );
}

export function assertVerified(database: DatabaseSync): void {
  const problems = inSnapshot(database, (progress) => [
    ...verifyCounters(database),
    ...verifyLists(database, progress),
    ...verifySearch(database, progress, () => undefined),
  ]);
  assert.deepEqual(problems, []);
}
