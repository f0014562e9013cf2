// Takes removed messages out of the index, by the records that the database keeps of its removals.
import type { DatabaseSync } from 'node:sqlite';
import { DESCENDING, FIRST_KEY, KEY, KEY_COLUMNS, type KeyValues } from '../file/keys.ts';
import { change, preparedArrays } from '../file/statements.ts';
import { DEFAULT_SOURCE } from '../../../model/source.ts';
import { ALL, KIND } from './schema.ts';

/** One removal. The record names the message, so it is deleted once the index has followed it. */
export interface Removal {
  readonly number: number;
  readonly seq: number;
  readonly seconds: number;
  readonly nanos: number;
  readonly messageId: string;
  readonly from: string;
  readonly source: string;
}

type RemovalRow = readonly [number, number, number, number, string, string, string];

/** Returns up to `limit` removals after the number, in their order. To be called inside a read transaction. */
export function readRemovals(
  database: DatabaseSync,
  main: string,
  after: number,
  limit: number,
): Removal[] {
  const rows = preparedArrays<RemovalRow>(
    database,
    `SELECT number, seq, ${KEY_COLUMNS}, from_msisdn, coalesce(source, '${DEFAULT_SOURCE}')
     FROM ${main}.removals WHERE number > ? ORDER BY number LIMIT ?`,
  ).all(after, limit);
  return rows.map(([number, seq, seconds, nanos, messageId, from, source]) => ({
    number,
    seq,
    seconds,
    nanos,
    messageId,
    from,
    source,
  }));
}

/**
 * Takes the messages out of their lists, counts and segments, and out of search. To be called inside a transaction; a message that
 * the lists do not hold is passed over. Returns how many senders have no message left.
 */
export function removeAll(database: DatabaseSync, removals: readonly Removal[]): number {
  let emptied = 0;
  for (const removal of removals) {
    change(database, 'DELETE FROM texts WHERE rowid = ?', removal.seq);
    change(database, 'DELETE FROM composing WHERE seq = ?', removal.seq);
    const sender = listOf(database, KIND.sender, removal.from);
    if (sender === null || !unlist(database, sender, removal)) continue;
    uncount(database, sender, removal);
    if (dropEmpty(database, sender)) emptied += 1;
    uncount(database, ALL, removal);
    const source = listOf(database, KIND.source, removal.source);
    if (source === null || !unlist(database, source, removal)) continue;
    uncount(database, source, removal);
    dropEmpty(database, source);
  }
  return emptied;
}

/** The list of a sender or of a source; null where there is none. */
function listOf(database: DatabaseSync, kind: number, name: string): number | null {
  const row = preparedArrays<[number]>(
    database,
    'SELECT list FROM lists WHERE kind = ? AND name = ?',
  ).get(kind, name);
  return row?.[0] ?? null;
}

/** Takes a message out of one list. Returns whether it was there. */
function unlist(database: DatabaseSync, list: number, removal: Removal): boolean {
  const deleted = change(
    database,
    `DELETE FROM entries WHERE list = ? AND ${KEY} = (?, ?, ?) AND seq = ?`,
    list,
    ...keyOf(removal),
    removal.seq,
  );
  return deleted > 0;
}

function keyOf({ seconds, nanos, messageId }: Removal): KeyValues {
  return [seconds, nanos, messageId];
}

/** Takes a message out of the count and the segments of a list; of the list of all, where it has its own. */
function uncount(database: DatabaseSync, list: number, removal: Removal): void {
  change(database, 'UPDATE lists SET messages = messages - 1 WHERE list = ?', list);
  const segment = preparedArrays<[number, number, number]>(
    database,
    `UPDATE segments SET messages = messages - 1 WHERE segment =
       (SELECT segment FROM segments WHERE list = ? AND ${KEY} <= (?, ?, ?) ${DESCENDING} LIMIT 1)
     RETURNING segment, messages, ts_seconds`,
  ).get(list, ...keyOf(removal));
  // The first segment of a list stays: it begins before every message.
  if (segment !== undefined && segment[1] === 0 && segment[2] !== FIRST_KEY.seconds)
    change(database, 'DELETE FROM segments WHERE segment = ?', segment[0]);
}

/** Deletes a list that holds nothing any more. Returns whether it did. */
function dropEmpty(database: DatabaseSync, list: number): boolean {
  if (change(database, 'DELETE FROM lists WHERE list = ? AND messages = 0', list) === 0)
    return false;
  change(database, 'DELETE FROM segments WHERE list = ?', list);
  return true;
}
