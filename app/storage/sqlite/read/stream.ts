// What was committed after a given number, in SQL.
import type { DatabaseSync } from 'node:sqlite';
import type { StreamEntry, StreamPage } from '../../../model/stream.ts';
import { counterReader } from '../file/counters.ts';
import { prepared } from '../file/statements.ts';

/** A page ends once its messages pass this length, so that a few long texts do not make a page of megabytes. */
const PAGE_UNITS_MAX = 256 * 1_024;

export interface StreamQuery {
  /** The number after which to read; it need not exist any more. */
  readonly after: number;
  /** The most entries; 0 asks only for the last number. */
  readonly limit: number;
}

/** At most `limit` messages after the number, in the order of commit. To be called inside a snapshot. */
export function selectAfter(database: DatabaseSync, query: StreamQuery): StreamPage {
  const lastSeq = counterReader(database)('last_seq');
  if (query.limit === 0 || query.after >= lastSeq) return { entries: [], more: false, lastSeq };
  const rows = prepared(
    database,
    `SELECT seq, message_id, from_msisdn, to_msisdn, ts, text FROM messages
     WHERE seq > ? ORDER BY seq LIMIT ?`,
  ).iterate(query.after, query.limit);
  const entries: StreamEntry[] = [];
  let units = 0;
  for (const row of rows) {
    const json = JSON.stringify({
      message_id: row['message_id'],
      from: row['from_msisdn'],
      to: row['to_msisdn'],
      ts: row['ts'],
      text: row['text'],
    });
    entries.push({ seq: Number(row['seq']), json });
    units += json.length;
    if (units >= PAGE_UNITS_MAX) break;
  }
  const reached = entries.at(-1)?.seq ?? lastSeq;
  return { entries, more: reached < lastSeq, lastSeq };
}
