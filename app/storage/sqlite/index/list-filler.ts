// Adds a batch of messages to the lists of the index: that of all messages and those of their senders, with counts and segments.
import type { DatabaseSync } from 'node:sqlite';
import { ASCENDING, FIRST_KEY, KEY, KEY_COLUMNS, keyValues } from '../file/keys.ts';
import { change, oneRow, preparedArrays } from '../file/statements.ts';
import { IndexUnusable } from './damage.ts';
import { ALL, LIST_MESSAGES_MAX, MAIN, SEGMENT_MESSAGES } from './schema.ts';

/** The batch, sorted once for each list; a table in memory. */
const BATCH = `CREATE TEMP TABLE IF NOT EXISTS batch (
  seq INTEGER PRIMARY KEY, ts_seconds INTEGER, ts_nanos INTEGER, message_id TEXT, from_msisdn TEXT)`;
const MEMBERS = 'temp.batch b JOIN lists l ON l.sender = b.from_msisdn';

/** SQL for the segment that holds the key of `b` in a list; null where the list has none. */
const segmentOf = (list: string): string =>
  `(SELECT g.segment FROM segments g WHERE g.list = ${list}
     AND (g.ts_seconds, g.ts_nanos, g.message_id) <= (b.ts_seconds, b.ts_nanos, b.message_id)
     ORDER BY g.ts_seconds DESC, g.ts_nanos DESC, g.message_id DESC LIMIT 1)`;

/**
 * Reads up to `limit` messages after `afterSeq` from the database into the batch. To be called inside a read transaction.
 * Returns how many they are and the sequence number of the last; 0 where there is none.
 */
export function readBatch(
  database: DatabaseSync,
  afterSeq: number,
  limit: number,
): { messages: number; lastSeq: number } {
  database.exec(BATCH);
  change(database, 'DELETE FROM temp.batch');
  const messages = change(
    database,
    `INSERT INTO temp.batch SELECT seq, ${KEY_COLUMNS}, from_msisdn FROM ${MAIN}.messages
     WHERE seq > ? ORDER BY seq LIMIT ?`,
    afterSeq,
    limit,
  );
  const [lastSeq] = oneRow(
    preparedArrays<[number | null]>(database, 'SELECT max(seq) FROM temp.batch'),
  );
  return { messages, lastSeq: lastSeq ?? 0 };
}

/** Adds the batch to every list that it belongs to. To be called inside a transaction. Returns how many senders are new. */
export function addBatch(database: DatabaseSync, messages: number): number {
  if (messages === 0) return 0;
  const before = lastList(database);
  change(
    database,
    `INSERT INTO lists (sender, messages) SELECT from_msisdn, count(*) FROM temp.batch WHERE true GROUP BY 1
     ON CONFLICT (sender) DO UPDATE SET messages = messages + excluded.messages`,
  );
  change(database, `UPDATE lists SET messages = messages + ? WHERE list = ${ALL}`, messages);
  change(
    database,
    `INSERT INTO entries SELECT ${ALL}, ${KEY_COLUMNS}, seq FROM temp.batch ${ASCENDING}`,
  );
  change(
    database,
    `INSERT INTO entries SELECT l.list, b.ts_seconds, b.ts_nanos, b.message_id, b.seq FROM ${MEMBERS}
     ORDER BY l.list, b.ts_seconds, b.ts_nanos, b.message_id`,
  );
  countSegments(database);
  return lastList(database) - before;
}

/** New lists are numbered on from the highest number. */
function lastList(database: DatabaseSync): number {
  return oneRow(preparedArrays<[number]>(database, 'SELECT max(list) FROM lists'))[0];
}

/** Counts the batch into the segments of its lists, and splits what has grown too large. */
function countSegments(database: DatabaseSync): void {
  const grown = preparedArrays<[number, number]>(
    database,
    `UPDATE segments SET messages = segments.messages + added.added FROM (
       SELECT ${segmentOf(String(ALL))} AS segment, count(*) AS added FROM temp.batch b GROUP BY 1
       UNION ALL
       SELECT ${segmentOf('l.list')}, count(*) FROM ${MEMBERS} WHERE l.segmented = 1 GROUP BY 1
     ) added WHERE segments.segment = added.segment RETURNING segments.segment, segments.messages`,
  ).all();
  for (const [segment, messages] of grown)
    if (messages > LIST_MESSAGES_MAX) split(database, segment);
  const lists = preparedArrays<[number]>(
    database,
    `SELECT list FROM lists WHERE segmented = 0 AND messages > ${LIST_MESSAGES_MAX}`,
  ).all();
  for (const [list] of lists) split(database, firstSegment(database, list));
}

/** Makes the first segment of a list, which begins before every message. Returns its number. */
function firstSegment(database: DatabaseSync, list: number): number {
  change(database, 'UPDATE lists SET segmented = 1 WHERE list = ?', list);
  return oneRow(
    preparedArrays<[number]>(
      database,
      `INSERT INTO segments (list, ${KEY_COLUMNS}, messages)
       SELECT list, ?, ?, ?, messages FROM lists WHERE list = ? RETURNING segment`,
    ),
    ...keyValues(FIRST_KEY),
    list,
  )[0];
}

const CUT = `UPDATE segments SET messages = ${SEGMENT_MESSAGES} WHERE segment = ?`;

/** Cuts full segments off the front of one that is too large, until the rest is not. */
function split(database: DatabaseSync, segment: number): void {
  const next = preparedArrays<[number, number, number, string]>(
    database,
    `SELECT list, ${KEY_COLUMNS} FROM entries
     WHERE list = (SELECT list FROM segments WHERE segment = ?1)
       AND ${KEY} >= (SELECT ${KEY_COLUMNS} FROM segments WHERE segment = ?1)
     ${ASCENDING} LIMIT 1 OFFSET ${SEGMENT_MESSAGES}`,
  );
  const add = preparedArrays<[number]>(
    database,
    `INSERT INTO segments (list, ${KEY_COLUMNS}, messages) VALUES (?, ?, ?, ?, ?) RETURNING segment`,
  );
  let current = segment;
  let rest = messagesOf(database, segment);
  while (rest > LIST_MESSAGES_MAX) {
    const start = next.get(current);
    if (start === undefined)
      throw new IndexUnusable('a segment counts more messages than its list holds', true);
    change(database, CUT, current);
    rest -= SEGMENT_MESSAGES;
    [current] = oneRow(add, ...start, rest);
  }
}

function messagesOf(database: DatabaseSync, segment: number): number {
  return oneRow(
    preparedArrays<[number]>(database, 'SELECT messages FROM segments WHERE segment = ?'),
    segment,
  )[0];
}
