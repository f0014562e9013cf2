// Adds a batch of messages to the lists of the index: those of their sources and of their senders, with counts and segments.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { DEFAULT_SOURCE } from '../../../model/source.ts';
import { ASCENDING, FIRST_KEY, KEY, KEY_COLUMNS, keyValues, readEntries } from '../file/keys.ts';
import { change, oneRow, preparedArrays } from '../file/statements.ts';
import { IndexUnusable } from './damage.ts';
import { entriesOf } from './entries.ts';
import { ALL, KIND, LIST_MESSAGES_MAX, MAIN, SEGMENT_MESSAGES } from './schema.ts';

/** The batch, sorted once for each list; a table in memory. */
const BATCH = `CREATE TEMP TABLE IF NOT EXISTS batch (
  seq INTEGER PRIMARY KEY, ts_seconds INTEGER, ts_nanos INTEGER, message_id TEXT, from_msisdn TEXT, source TEXT)`;
const MEMBERS = `temp.batch b JOIN lists l ON l.kind = ${KIND.sender} AND l.name = b.from_msisdn`;

/**
 * How statements write that change many pages. A failure rolls the whole transaction back, which the indexer does in any case: to be able to
 * undo one statement alone, SQLite would copy each page before it is changed, into 43 MB of memory.
 */
const OR_ROLLBACK = 'OR ROLLBACK';

/** SQL for the segment that holds the key of `b` in a list; null where the list has none. */
const segmentOf = (list: string): string =>
  `(SELECT g.segment FROM segments g WHERE g.list = ${list}
     AND (g.ts_seconds, g.ts_nanos, g.message_id) <= (b.ts_seconds, b.ts_nanos, b.message_id)
     ORDER BY g.ts_seconds DESC, g.ts_nanos DESC, g.message_id DESC LIMIT 1)`;

/** The list of a source, and how many messages of the batch it has. */
interface SourceList {
  readonly list: number;
  readonly name: string;
  readonly added: number;
}

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
    `INSERT INTO temp.batch SELECT seq, ${KEY_COLUMNS}, from_msisdn, coalesce(source, '${DEFAULT_SOURCE}')
     FROM ${MAIN}.messages WHERE seq > ? ORDER BY seq LIMIT ?`,
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
    `INSERT ${OR_ROLLBACK} INTO lists (kind, name, messages) SELECT ${KIND.sender}, from_msisdn, count(*) FROM temp.batch WHERE true GROUP BY 2
     ON CONFLICT (kind, name) DO UPDATE SET messages = messages + excluded.messages`,
  );
  const newSenders = lastList(database) - before;
  const sources = countSources(database);
  for (const { list, name } of sources)
    change(
      database,
      `INSERT ${OR_ROLLBACK} INTO entries SELECT ?, ${KEY_COLUMNS}, seq FROM temp.batch WHERE source = ? ${ASCENDING}`,
      list,
      name,
    );
  change(
    database,
    `INSERT ${OR_ROLLBACK} INTO entries SELECT l.list, b.ts_seconds, b.ts_nanos, b.message_id, b.seq FROM ${MEMBERS}
     ORDER BY l.list, b.ts_seconds, b.ts_nanos, b.message_id`,
  );
  countAll(database, messages);
  countSegments(database, sources);
  return newSenders;
}

/** New lists are numbered on from the highest number. */
function lastList(database: DatabaseSync): number {
  const [last] = oneRow(preparedArrays<[number | null]>(database, 'SELECT max(list) FROM lists'));
  return last ?? 0;
}

/** Counts the batch into the lists of its sources. */
function countSources(database: DatabaseSync): SourceList[] {
  const added = preparedArrays<[string, number, number]>(
    database,
    'SELECT source, count(*), max(seq) FROM temp.batch GROUP BY 1',
  ).all();
  const upsert = preparedArrays<[number]>(
    database,
    `INSERT INTO lists (kind, name, messages, newest) VALUES (${KIND.source}, ?, ?, ?)
     ON CONFLICT (kind, name) DO UPDATE SET messages = messages + excluded.messages, newest = excluded.newest
     RETURNING list`,
  );
  return added.map(([name, count, newest]) => {
    const [list] = oneRow(upsert, name, count, newest);
    return { list, name, added: count };
  });
}

/**
 * Counts the batch into the list of all. It gets a row with the second source: until now the first one's list was that of all, so it has
 * the same segments.
 */
function countAll(database: DatabaseSync, messages: number): void {
  const counted = change(
    database,
    `UPDATE lists SET messages = messages + ? WHERE list = ${ALL}`,
    messages,
  );
  if (counted > 0) return;
  const [sources] = oneRow(
    preparedArrays<[number]>(database, `SELECT count(*) FROM lists WHERE kind = ${KIND.source}`),
  );
  if (sources < 2) return;
  change(
    database,
    `INSERT INTO lists (list, kind, name, messages, segmented)
     SELECT ${ALL}, ${KIND.all}, '', sum(messages), max(segmented) FROM lists WHERE kind = ${KIND.source}`,
  );
  change(
    database,
    `INSERT INTO segments (list, ${KEY_COLUMNS}, messages)
     SELECT ${ALL}, ${KEY_COLUMNS}, g.messages FROM segments g JOIN lists l USING (list) WHERE l.kind = ${KIND.source}`,
  );
}

/** Counts the batch into the segments of its lists, and splits what has grown too large. */
function countSegments(database: DatabaseSync, sources: readonly SourceList[]): void {
  const inList = `SELECT ${segmentOf('?1')} AS segment, count(*) AS added FROM temp.batch b`;
  const grown = grownBy(
    database,
    `SELECT ${segmentOf('l.list')} AS segment, count(*) AS added FROM ${MEMBERS} WHERE l.segmented = 1 GROUP BY 1`,
  );
  if (isSegmented(database, ALL)) grown.push(...grownBy(database, `${inList} GROUP BY 1`, ALL));
  for (const { list, name } of sources)
    if (isSegmented(database, list))
      grown.push(...grownBy(database, `${inList} WHERE b.source = ?2 GROUP BY 1`, list, name));
  for (const [segment, messages] of grown)
    if (messages > LIST_MESSAGES_MAX) split(database, segment);
  const lists = preparedArrays<[number]>(
    database,
    `SELECT list FROM lists WHERE segmented = 0 AND messages > ${LIST_MESSAGES_MAX}`,
  ).all();
  for (const [list] of lists) split(database, firstSegment(database, list));
}

/** Adds to segments what `added` selects for them: `segment` and `added`. Returns each of them with its count. */
function grownBy(
  database: DatabaseSync,
  added: string,
  ...parameters: readonly SQLInputValue[]
): [segment: number, messages: number][] {
  return preparedArrays<[number, number]>(
    database,
    `UPDATE ${OR_ROLLBACK} segments SET messages = segments.messages + added.added FROM (${added}) added
     WHERE segments.segment = added.segment RETURNING segments.segment, segments.messages`,
  ).all(...parameters);
}

function isSegmented(database: DatabaseSync, list: number): boolean {
  const select = preparedArrays<[number]>(database, 'SELECT segmented FROM lists WHERE list = ?');
  return select.get(list)?.[0] === 1;
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
  const [list] = oneRow(
    preparedArrays<[number]>(database, 'SELECT list FROM segments WHERE segment = ?'),
    segment,
  );
  const parts = list === ALL ? sourceLists(database) : [list];
  const from = `AND ${KEY} >= (SELECT ${KEY_COLUMNS} FROM segments WHERE segment = ?)`;
  const add = preparedArrays<[number]>(
    database,
    `INSERT INTO segments (list, ${KEY_COLUMNS}, messages) VALUES (?, ?, ?, ?, ?) RETURNING segment`,
  );
  let current = segment;
  let rest = messagesOf(database, segment);
  while (rest > LIST_MESSAGES_MAX) {
    const { sql, parameters } = entriesOf('entries', parts, from, [current]);
    const [start] = readEntries(
      database,
      `${sql} ${ASCENDING} LIMIT 1 OFFSET ${SEGMENT_MESSAGES}`,
      ...parameters,
    );
    if (start === undefined)
      throw new IndexUnusable('a segment counts more messages than its list holds', true);
    change(database, CUT, current);
    rest -= SEGMENT_MESSAGES;
    [current] = oneRow(add, list, ...keyValues(start), rest);
  }
}

/** The lists that make that of all. */
function sourceLists(database: DatabaseSync): number[] {
  return preparedArrays<[number]>(database, `SELECT list FROM lists WHERE kind = ${KIND.source}`)
    .all()
    .map(([list]) => list);
}

function messagesOf(database: DatabaseSync, segment: number): number {
  return oneRow(
    preparedArrays<[number]>(database, 'SELECT messages FROM segments WHERE segment = ?'),
    segment,
  )[0];
}
