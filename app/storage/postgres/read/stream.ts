// What was committed after a number, in the order of commit.
import type { StreamEntry, StreamPage } from '../../../model/stream.ts';
import { messageJson } from '../../message-json.ts';
import { MESSAGES_AFTER } from '../database/numbers.ts';
import type { Session } from '../database/session.ts';
import { settled } from '../database/transaction.ts';
import { MESSAGE_COLUMNS, type MessageRow, messageOf } from './rows.ts';

/** A page ends once its messages pass this length, so that a few long texts do not make a page of megabytes. */
const PAGE_UNITS_MAX = 256 * 1_024;

const LAST = 'SELECT first_seq + width - 1 FROM batches ORDER BY first_seq DESC LIMIT 1';

/** Reads the highest number so far; 0 before the first. Rejects with what the client throws. */
export async function lastSeqOf(session: Session): Promise<number> {
  const [row] = await session.rows<[number]>(LAST);
  return row?.[0] ?? 0;
}

/** At most `limit` messages after the number. To be called inside a snapshot. Rejects with what the client throws. */
export async function selectAfter(
  session: Session,
  after: number,
  limit: number,
): Promise<StreamPage> {
  const read =
    limit === 0
      ? []
      : session.rows<readonly [...MessageRow, seq: number]>(
          `SELECT ${MESSAGE_COLUMNS}, m.seq FROM ${MESSAGES_AFTER} ORDER BY b.first_seq, m.ord LIMIT $2::int8`,
          [after, limit],
        );
  const [rows, lastSeq] = await settled([read, lastSeqOf(session)]);
  if (limit === 0) return { entries: [], more: false, lastSeq };
  const entries: StreamEntry[] = [];
  let units = 0;
  for (const row of rows) {
    const json = messageJson(messageOf(row));
    entries.push({ seq: row[7], json });
    units += json.length;
    if (units >= PAGE_UNITS_MAX) break;
  }
  const end = entries.at(-1)?.seq ?? lastSeq;
  return { entries, more: end < lastSeq, lastSeq };
}
