// What was committed after a number, in SQL.
import type { DatabaseSync } from 'node:sqlite';
import type { StreamEntry, StreamPage, StreamQuery } from '../../../model/stream.ts';
import { counterReader } from '../file/counters.ts';
import { preparedArrays } from '../file/statements.ts';
import { MESSAGE_JSON } from './page.ts';

/** A page ends once its messages pass this length, so that a few long texts do not make a page of megabytes. */
const PAGE_UNITS_MAX = 256 * 1_024;

/** At most `limit` messages after the number, in the order of commit. To be called inside a snapshot. */
export function selectAfter(database: DatabaseSync, query: StreamQuery): StreamPage {
  const lastSeq = counterReader(database)('last_seq');
  if (query.limit === 0 || query.after >= lastSeq) return { entries: [], more: false, lastSeq };
  const rows = preparedArrays<[number, string]>(
    database,
    `SELECT m.seq, ${MESSAGE_JSON} FROM messages m WHERE m.seq > ? ORDER BY m.seq LIMIT ?`,
  ).iterate(query.after, query.limit);
  const entries: StreamEntry[] = [];
  let units = 0;
  for (const [seq, json] of rows) {
    entries.push({ seq, json });
    units += json.length;
    if (units >= PAGE_UNITS_MAX) break;
  }
  const end = entries.at(-1)?.seq ?? lastSeq;
  return { entries, more: end < lastSeq, lastSeq };
}
