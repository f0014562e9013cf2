// Places in the ordered list: how many come before a key, and which come after a place, without walking there.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { OrderKey } from '../../model/order.ts';
import { prepared } from './statements.ts';

/** A place in the list and the message that is there. */
export interface Entry extends OrderKey {
  readonly seq: number;
}

const KEY = '(ts_seconds, ts_nanos, message_id)';
const ASCENDING = 'ORDER BY ts_seconds, ts_nanos, message_id';
const DESCENDING = 'ORDER BY ts_seconds DESC, ts_nanos DESC, message_id DESC';
const COLUMNS = 'ts_seconds, ts_nanos, message_id, seq';

/** One ordered list of those that the file keeps. */
export interface Order {
  /** How many entries there are. */
  count(): number;
  /** How many entries come before the key. */
  rank(key: OrderKey): number;
  /** Up to `limit` entries from the place `rank` on. */
  at(rank: number, limit: number): Entry[];
  /** Up to `limit` entries after the key. */
  after(key: OrderKey, limit: number): Entry[];
  /** Up to `limit` entries before the key, the nearest first. */
  before(key: OrderKey, limit: number): Entry[];
}

/** The order of all messages. Its counted segments make every place a short walk from one of their starts. */
export function orderOfAll(database: DatabaseSync): Order {
  const segmentOf = (key: OrderKey): SQLInputValue[] => {
    const row = prepared(
      database,
      `SELECT ts_seconds, ts_nanos, message_id FROM segments WHERE ${KEY} <= (?, ?, ?) ${DESCENDING} LIMIT 1`,
    ).get(...values(key));
    return keyValues(row);
  };
  return {
    count: () => number(database, 'SELECT sum(messages) FROM segments'),
    rank(key) {
      const start = segmentOf(key);
      const before = number(
        database,
        `SELECT coalesce(sum(messages), 0) FROM segments WHERE ${KEY} < (?, ?, ?)`,
        start,
      );
      const within = `SELECT count(*) FROM by_time WHERE ${KEY} >= (?, ?, ?) AND ${KEY} < (?, ?, ?)`;
      return before + number(database, within, [...start, ...values(key)]);
    },
    at(rank, limit) {
      const { start, before } = segmentAt(database, rank);
      return entries(
        database,
        `SELECT ${COLUMNS} FROM by_time WHERE ${KEY} >= (?, ?, ?) ${ASCENDING} LIMIT ? OFFSET ?`,
        [...start, limit, rank - before],
      );
    },
    after: (key, limit) =>
      entries(
        database,
        `SELECT ${COLUMNS} FROM by_time WHERE ${KEY} > (?, ?, ?) ${ASCENDING} LIMIT ?`,
        [...values(key), limit],
      ),
    before: (key, limit) =>
      entries(
        database,
        `SELECT ${COLUMNS} FROM by_time WHERE ${KEY} < (?, ?, ?) ${DESCENDING} LIMIT ?`,
        [...values(key), limit],
      ),
  };
}

/** The order of one sender's messages. */
export function orderOfSender(database: DatabaseSync, from: string): Order {
  const sender = prepared(
    database,
    'SELECT sender_id, messages FROM senders WHERE from_msisdn = ?',
  ).get(from);
  const id = Number(sender?.['sender_id'] ?? -1);
  const list = (
    condition: string,
    key: SQLInputValue[],
    order: string,
    limit: number,
    offset = 0,
  ): Entry[] =>
    entries(
      database,
      `SELECT ${COLUMNS} FROM by_sender WHERE sender_id = ? ${condition} ${order} LIMIT ? OFFSET ?`,
      [id, ...key, limit, offset],
    );
  return {
    count: () => Number(sender?.['messages'] ?? 0),
    rank: (key) =>
      number(
        database,
        `SELECT count(*) FROM by_sender WHERE sender_id = ? AND ${KEY} < (?, ?, ?)`,
        [id, ...values(key)],
      ),
    at: (rank, limit) => list('', [], ASCENDING, limit, rank),
    after: (key, limit) => list(`AND ${KEY} > (?, ?, ?)`, values(key), ASCENDING, limit),
    before: (key, limit) => list(`AND ${KEY} < (?, ?, ?)`, values(key), DESCENDING, limit),
  };
}

/** The segment that holds the place, or the last one, and how many messages come before it. */
function segmentAt(
  database: DatabaseSync,
  rank: number,
): { start: SQLInputValue[]; before: number } {
  const sql = `SELECT messages, ts_seconds, ts_nanos, message_id FROM segments ${ASCENDING}`;
  let before = 0;
  let start: SQLInputValue[] = [];
  let messages = 0;
  for (const row of prepared(database, sql).iterate()) {
    before += messages;
    messages = Number(row['messages']);
    start = keyValues(row);
    if (before + messages > rank) break;
  }
  return { start, before };
}

function number(database: DatabaseSync, sql: string, parameters: SQLInputValue[] = []): number {
  return Number(Object.values(prepared(database, sql).get(...parameters) ?? {})[0]);
}

function entries(database: DatabaseSync, sql: string, parameters: SQLInputValue[]): Entry[] {
  return prepared(database, sql)
    .all(...parameters)
    .map(entryOf);
}

/** An entry from a row with the columns of the key and `seq`. */
export function entryOf(row: Record<string, unknown>): Entry {
  return {
    seconds: row['ts_seconds'] as number,
    nanos: row['ts_nanos'] as number,
    messageId: row['message_id'] as string,
    seq: row['seq'] as number,
  };
}

function values(key: OrderKey): SQLInputValue[] {
  return [key.seconds, key.nanos, key.messageId];
}

function keyValues(row: Record<string, unknown> | undefined): SQLInputValue[] {
  return [Number(row?.['ts_seconds']), Number(row?.['ts_nanos']), String(row?.['message_id'])];
}
