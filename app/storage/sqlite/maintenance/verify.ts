// Compares everything that is derived from the messages with the messages themselves. The caller holds a snapshot.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { DEFAULT_SOURCE } from '../../../model/source.ts';
import { FIRST_KEY, KEY_COLUMNS, LAST_KEY } from '../file/keys.ts';
import { oneRow, preparedArrays } from '../file/statements.ts';
import { candidateQuery, trigramsOf } from '../index/folding.ts';
import { ALL, INDEX, KIND, LIST_MESSAGES_MAX } from '../index/schema.ts';
import type { IndexProgress } from '../index/state.ts';

/** Messages compared in one statement. */
const CHUNK_MESSAGES = 4_096;
/** About how many texts are searched for. */
const SAMPLE_MESSAGES = 128;
/** How many of the messages that search does not find are named. */
const NAMED_MAX = 5;

const COLUMNS = `seq, ${KEY_COLUMNS}, from_msisdn, coalesce(source, '${DEFAULT_SOURCE}') AS source`;
/** What should be listed: stored messages up to the watermark, and removed ones that the index has not followed. */
const LISTED = `(SELECT ${COLUMNS} FROM messages NOT INDEXED WHERE seq <= :listed
  UNION ALL SELECT ${COLUMNS} FROM removals WHERE number > :followed AND seq <= :listed)`;

/** Returns a sentence where two counts differ. */
export function difference(what: string, kept: number, scanned: number): string[] {
  return kept === scanned ? [] : [`${what}: ${kept} kept, ${scanned} by a scan`];
}

/** Checks the lists, counts and segments of the index. Returns a sentence for each thing that is wrong. Throws what SQLite throws. */
export function verifyLists(database: DatabaseSync, { index }: IndexProgress): string[] {
  const scope = { listed: index.listedSeq, followed: index.removals };
  const listed = (sql: string): number => number(database, sql, scope);
  const count = (sql: string): number => number(database, sql);
  const entries = (kind: number): number =>
    count(`SELECT count(*) FROM ${INDEX}.entries WHERE list IN (${listsOf(kind)})`);
  const lacking = (kind: number, column: string): number =>
    listed(`SELECT count(*) FROM ${LISTED} m WHERE NOT EXISTS (SELECT 1 FROM ${INDEX}.lists l
      JOIN ${INDEX}.entries e ON e.list = l.list WHERE l.kind = ${kind} AND l.name = m.${column}
        AND e.ts_seconds = m.ts_seconds AND e.ts_nanos = m.ts_nanos
        AND e.message_id = m.message_id AND e.seq = m.seq)`);
  const messages = listed(`SELECT count(*) FROM ${LISTED}`);
  return [
    ...difference("messages in the sources' lists", entries(KIND.source), messages),
    ...difference("messages in the senders' lists", entries(KIND.sender), messages),
    ...difference("messages that their source's list lacks", lacking(KIND.source, 'source'), 0),
    ...difference(
      "messages that their sender's list lacks",
      lacking(KIND.sender, 'from_msisdn'),
      0,
    ),
    ...difference(
      'lists whose count is wrong',
      count(`SELECT count(*) FROM ${INDEX}.lists l WHERE list <> ${ALL} AND messages <>
        (SELECT count(*) FROM ${INDEX}.entries e WHERE e.list = l.list)`),
      0,
    ),
    ...verifyListOfAll(database, messages),
    ...difference(
      'senders',
      index.senders,
      listed(`SELECT count(DISTINCT from_msisdn) FROM ${LISTED}`),
    ),
    ...difference(
      'segments whose count is wrong',
      count(wrongSegments(`list NOT IN (${listsOf(KIND.all)})`, 'g.list')),
      0,
    ),
    ...difference(
      'lists whose segments do not begin with them',
      count(`SELECT count(*) FROM ${INDEX}.lists l WHERE segmented <> EXISTS (
        SELECT 1 FROM ${INDEX}.segments g WHERE g.list = l.list AND g.ts_seconds = ${FIRST_KEY.seconds})`),
      0,
    ),
    ...difference(
      'segments that are too large',
      count(`SELECT count(*) FROM ${INDEX}.segments WHERE messages > ${LIST_MESSAGES_MAX}`),
      0,
    ),
  ];
}

/** The list of all, which has a row once there are two sources, has the entries of theirs. */
function verifyListOfAll(database: DatabaseSync, messages: number): string[] {
  const all = preparedArrays<[number]>(
    database,
    `SELECT messages FROM ${INDEX}.lists WHERE list = ${ALL}`,
  ).get();
  const sources = number(database, `SELECT count(*) FROM (${listsOf(KIND.source)})`);
  if (all === undefined) return sources < 2 ? [] : ['the list of all has no count'];
  const wrong = number(database, wrongSegments(`list = ${ALL}`, listsOf(KIND.source)));
  return [
    ...difference('messages in the list of all', all[0], messages),
    ...difference('segments of the list of all whose count is wrong', wrong, 0),
  ];
}

/** SQL for the lists of a kind. */
function listsOf(kind: number): string {
  return `SELECT list FROM ${INDEX}.lists WHERE kind = ${kind}`;
}

/** SQL for how many of the segments `g` that `which` selects count others than are in the lists `parts`. */
function wrongSegments(which: string, parts: string): string {
  return `SELECT count(*) FROM (
    SELECT list, messages, ${KEY_COLUMNS},
      lead(ts_seconds, 1, ${LAST_KEY.seconds}) OVER w AS next_seconds,
      lead(ts_nanos, 1, 0) OVER w AS next_nanos,
      lead(message_id, 1, '') OVER w AS next_id
    FROM ${INDEX}.segments WHERE ${which} WINDOW w AS (PARTITION BY list ORDER BY ${KEY_COLUMNS})) g
    WHERE messages <> (SELECT count(*) FROM ${INDEX}.entries e WHERE e.list IN (${parts})
      AND (e.ts_seconds, e.ts_nanos, e.message_id) >= (g.ts_seconds, g.ts_nanos, g.message_id)
      AND (e.ts_seconds, e.ts_nanos, e.message_id) < (g.next_seconds, g.next_nanos, g.next_id))`;
}

/**
 * Checks that search holds every text up to its watermark: each with as many trigrams as it has; and that a sample of them,
 * spread over all, is found by them. (Finding one takes time in proportion to the number of messages.) `onProgress` is called
 * with how many were compared. Returns sentences that name the first that are wrong. Throws what SQLite throws.
 */
export function verifySearch(
  database: DatabaseSync,
  { index }: IndexProgress,
  onProgress: (done: number) => void,
): string[] {
  const texts = preparedArrays<TextRow>(
    database,
    `SELECT m.seq, m.message_id, m.text, d.sz FROM messages m LEFT JOIN ${INDEX}.texts_docsize d ON d.id = m.seq
     WHERE m.seq > ? AND m.seq <= ? ORDER BY m.seq LIMIT ${CHUNK_MESSAGES}`,
  );
  const found = preparedArrays<[number]>(
    database,
    `SELECT 1 FROM ${INDEX}.texts WHERE texts MATCH ? AND rowid = ?`,
  );
  const total = number(database, 'SELECT count(*) FROM messages NOT INDEXED');
  const sampled = Math.ceil(total / SAMPLE_MESSAGES);
  const wrong: string[] = [];
  let compared = 0;
  for (let after = 0; ;) {
    const rows = texts.all(after, index.searchedSeq);
    for (const [seq, messageId, text, size] of rows) {
      compared += 1;
      const isHeld =
        text === null ? size === null : size !== null && tokensIn(size) === trigramsOf(text);
      const query = text === null || compared % sampled > 0 ? null : candidateQuery(text);
      if (!isHeld || (query !== null && found.get(query, seq) === undefined)) wrong.push(messageId);
    }
    const last = rows.at(-1)?.[0];
    if (last === undefined) break;
    after = last;
    onProgress(compared);
  }
  if (wrong.length === 0) return [];
  const names = wrong.slice(0, NAMED_MAX).join(', ');
  return [`${wrong.length} messages are not found by a search for their texts: ${names}`];
}

/** How many tokens FTS5 says that a text has: a varint of seven bits a byte, the highest first. */
function tokensIn(size: Uint8Array): number {
  return size.reduce((value, byte) => value * 128 + (byte & 0x7f), 0);
}

type TextRow = readonly [
  seq: number,
  messageId: string,
  text: string | null,
  size: Uint8Array | null,
];

/** Returns the one number of a statement's one row. */
function number(
  database: DatabaseSync,
  sql: string,
  parameters: Record<string, SQLInputValue> = {},
): number {
  return oneRow(preparedArrays<[number]>(database, sql), parameters)[0];
}
