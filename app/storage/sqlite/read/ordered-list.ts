// Places in the ordered list: how many come before a key, and which come after a place, without walking there.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { OrderKey } from '../../../model/order.ts';
import { counterReader } from '../file/counters.ts';
import { prepared, preparedArrays } from '../file/statements.ts';

/** A place in the list and the message that is there. */
export interface Entry extends OrderKey {
  readonly seq: number;
}

/** Keys that no message has, before and after all of them. A list without segments is one stretch from the first. */
export const FIRST_KEY: OrderKey = { seconds: -99_999_999_999, nanos: 0, messageId: '' };
export const LAST_KEY: OrderKey = { seconds: 999_999_999_999, nanos: 0, messageId: '' };

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

/** Where a list stands in the file: its entries, its counted segments, and the sender where it is one sender's. */
interface Place {
  readonly entries: 'by_time' | 'by_sender';
  readonly segments: 'segments' | 'sender_segments';
  readonly sender: readonly SQLInputValue[];
}

/** The order of all messages. `tail`: how many messages it does not hold yet; only for whoever counts the entries. */
export function orderOfAll(database: DatabaseSync, tail = 0): Order {
  const list: Place = { entries: 'by_time', segments: 'segments', sender: [] };
  return orderOf(database, list, () => counterReader(database)('messages') - tail);
}

/** The order of one sender's messages. */
export function orderOfSender(database: DatabaseSync, from: string): Order {
  const sender = prepared(
    database,
    'SELECT sender_id, messages FROM senders WHERE from_msisdn = ?',
  ).get(from);
  const id = Number(sender?.['sender_id'] ?? -1);
  const list: Place = { entries: 'by_sender', segments: 'sender_segments', sender: [id] };
  return orderOf(database, list, () => Number(sender?.['messages'] ?? 0));
}

/** The counted segments of a list make every place in it a short walk from one of their starts. */
function orderOf(database: DatabaseSync, list: Place, count: () => number): Order {
  const { sender } = list;
  const ofSender = sender.length === 0 ? '' : 'sender_id = ? AND';
  const select = `SELECT ${COLUMNS} FROM ${list.entries} WHERE ${ofSender}`;
  const entries = (sql: string, parameters: SQLInputValue[]): Entry[] =>
    preparedArrays(database, `${select} ${sql}`)
      .all(...sender, ...parameters)
      .map((row) => entryOf(row as unknown as EntryRow));
  return {
    count,
    rank(key) {
      const start = segmentOf(database, list, key);
      const before = number(
        database,
        `SELECT coalesce(sum(messages), 0) FROM ${list.segments} WHERE ${ofSender} ${KEY} < (?, ?, ?)`,
        [...sender, ...start],
      );
      const within = `SELECT count(*) FROM ${list.entries} WHERE ${ofSender} ${KEY} >= (?, ?, ?) AND ${KEY} < (?, ?, ?)`;
      return before + number(database, within, [...sender, ...start, ...values(key)]);
    },
    at(rank, limit) {
      const { start, before } = segmentAt(database, list, rank);
      const parameters = [...start, limit, rank - before];
      return entries(`${KEY} >= (?, ?, ?) ${ASCENDING} LIMIT ? OFFSET ?`, parameters);
    },
    after: (key, limit) =>
      entries(`${KEY} > (?, ?, ?) ${ASCENDING} LIMIT ?`, [...values(key), limit]),
    before: (key, limit) =>
      entries(`${KEY} < (?, ?, ?) ${DESCENDING} LIMIT ?`, [...values(key), limit]),
  };
}

type Start = [seconds: number, nanos: number, messageId: string];

/** The start of the segment that the key falls into. */
function segmentOf(database: DatabaseSync, list: Place, key: OrderKey): Start {
  const ofSender = list.sender.length === 0 ? '' : 'sender_id = ? AND';
  const row = preparedArrays(
    database,
    `SELECT ts_seconds, ts_nanos, message_id FROM ${list.segments} WHERE ${ofSender} ${KEY} <= (?, ?, ?) ${DESCENDING} LIMIT 1`,
  ).get(...list.sender, ...values(key));
  return row === undefined ? values(FIRST_KEY) : (row as unknown as Start);
}

/** The start of the segment that holds the place, or of the last one, and how many messages come before it. */
function segmentAt(
  database: DatabaseSync,
  list: Place,
  rank: number,
): { start: Start; before: number } {
  const ofSender = list.sender.length === 0 ? '' : 'WHERE sender_id = ?';
  // Most readers are at the beginning, so the first segment is looked at before the counts of all are fetched.
  const ofFirst = `SELECT messages FROM ${list.segments} ${ofSender} ${ASCENDING} LIMIT 1`;
  const first = number(database, ofFirst, list.sender);
  if (Number.isNaN(first) || rank < first) return { start: values(FIRST_KEY), before: 0 };
  // All counts as one text: a thousand rows of one number each would take several times as long.
  const counts = preparedArrays(
    database,
    `SELECT json_group_array(messages) FROM (SELECT messages FROM ${list.segments} ${ofSender} ${ASCENDING})`,
  ).get(...list.sender) as unknown as [string];
  const messages = JSON.parse(counts[0]) as number[];
  let before = 0;
  let index = 0;
  while (index < messages.length - 1 && before + (messages[index] ?? 0) <= rank) {
    before += messages[index] ?? 0;
    index += 1;
  }
  const row = preparedArrays(
    database,
    `SELECT ts_seconds, ts_nanos, message_id FROM ${list.segments} ${ofSender} ${ASCENDING} LIMIT 1 OFFSET ?`,
  ).get(...list.sender, index);
  return { start: row as unknown as Start, before };
}

/** The one number of a statement's one row; NaN without a row. */
function number(database: DatabaseSync, sql: string, parameters: readonly SQLInputValue[]): number {
  const row = preparedArrays(database, sql).get(...parameters) as unknown as [number] | undefined;
  return row?.[0] ?? Number.NaN;
}

/** A row of the columns of the key and `seq`, in this order. */
export type EntryRow = readonly [seconds: number, nanos: number, messageId: string, seq: number];

export function entryOf([seconds, nanos, messageId, seq]: EntryRow): Entry {
  return { seconds, nanos, messageId, seq };
}

function values(key: OrderKey): Start {
  return [key.seconds, key.nanos, key.messageId];
}
