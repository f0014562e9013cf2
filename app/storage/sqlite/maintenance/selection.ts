// What a prune selects, in SQL.
import type { DatabaseSync } from 'node:sqlite';
import { CONFLICT } from '../../../model/item.ts';
import { DEFAULT_SOURCE } from '../../../model/source.ts';
import type { Prunable, Selection } from '../../admin.ts';
import { openForReading } from '../file/connection.ts';
import { LAST_KEY } from '../file/keys.ts';
import { oneRow, preparedArrays } from '../file/statements.ts';
import { hasSources } from './archive.ts';

/** Rows that are scanned in one statement. */
const SCAN_ROWS = 16_384;

export type Rows = 'messages' | 'events';

interface Condition {
  readonly sql: string;
  readonly values: readonly (number | string)[];
}

/** Returns the condition on a row of the table that is called `name`. */
function conditionOf(
  { before, source, from }: Selection,
  rows: Rows,
  name: string,
  withSources: boolean,
): Condition {
  const { seconds, nanos } = before ?? LAST_KEY;
  const ofSender = from === null ? '' : `AND ${name}.from_msisdn = ?`;
  const values = [seconds, nanos, ...(from === null ? [] : [from])];
  const ofSource = sourceCondition(source, rows, name, withSources);
  return {
    sql: `(${name}.ts_seconds, ${name}.ts_nanos) < (?, ?) ${ofSender} ${ofSource.sql}`,
    values: [...values, ...ofSource.values],
  };
}

function sourceCondition(
  source: string | null,
  rows: Rows,
  name: string,
  withSources: boolean,
): Condition {
  if (source === null) return { sql: '', values: [] };
  if (!withSources) return { sql: source === DEFAULT_SOURCE ? '' : 'AND FALSE', values: [] };
  return rows === 'messages' && source === DEFAULT_SOURCE
    ? { sql: `AND ${name}.source IS NULL`, values: [] }
    : { sql: `AND ${name}.source = ?`, values: [source] };
}

/** Returns how many items are selected, and with messages the conflicts about them. Throws what SQLite throws. */
export function countPrunable(path: string, selection: Selection): Prunable {
  const database = openForReading(path);
  try {
    const withSources = hasSources(database);
    const count = (sql: string, values: Condition['values']): number =>
      oneRow(preparedArrays<[number]>(database, sql), ...values)[0];
    const message = conditionOf(selection, 'messages', 'm', withSources);
    const messages = count(`SELECT count(*) FROM messages m WHERE ${message.sql}`, message.values);
    if (!withSources) return { messages, events: 0 };
    const event =
      selection.from === null
        ? conditionOf(selection, 'events', 'e', withSources)
        : { sql: 'FALSE', values: [] };
    const events = count(
      `SELECT count(*) FROM events e WHERE (${event.sql}) OR (e.type = '${CONFLICT}' AND EXISTS (
         SELECT 1 FROM messages m WHERE m.message_id = e.subject AND ${message.sql}))`,
      [...event.values, ...message.values],
    );
    return { messages, events };
  } finally {
    database.close();
  }
}

/** Yields the numbers of the selected rows up to one, in chunks: each is found by a scan of some rows. Throws what SQLite throws. */
export function* selectedRows(
  database: DatabaseSync,
  selection: Selection,
  rows: Rows,
  last: number,
): Generator<number[]> {
  const { sql, values } = conditionOf(selection, rows, 'r', true);
  const select = preparedArrays<[number]>(
    database,
    `SELECT r.seq FROM ${rows} r WHERE r.seq > ? AND r.seq <= ? AND ${sql} ORDER BY r.seq`,
  );
  for (let after = 0; after < last;) {
    const end = endOfScan(database, rows, after, last);
    yield select.all(after, end, ...values).map(([seq]) => seq);
    after = end;
  }
}

/** Returns the last number of the next scan, which covers SCAN_ROWS rows, with any gaps. */
function endOfScan(database: DatabaseSync, rows: Rows, after: number, last: number): number {
  const [end] = oneRow(
    preparedArrays<[number | null]>(
      database,
      `SELECT max(seq) FROM (SELECT seq FROM ${rows} WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?)`,
    ),
    after,
    last,
    SCAN_ROWS,
  );
  return end ?? last;
}
