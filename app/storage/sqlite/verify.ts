// Holds what the file counts and orders against a scan of the messages themselves.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { counterReader } from './counters.ts';
import { IN_SENDER_ORDER, progressValues, readProgress } from './sender-progress.ts';

/**
 * Compares every derived figure and order with the rows it was derived from. Gives one sentence for each difference,
 * none where all agree. Reads the whole file; to be called inside a snapshot where others write.
 */
export function verifyCounts(database: DatabaseSync): string[] {
  const counter = counterReader(database);
  const watermark = counter('ordered_seq');
  const progress = progressValues(readProgress(database));
  const inSenderOrder = `FROM messages m WHERE ${IN_SENDER_ORDER}`;
  const number = (sql: string, ...parameters: SQLInputValue[]): number =>
    Number(Object.values(database.prepare(sql).get(...parameters) ?? {})[0]);
  const differences: string[] = [];
  const same = (what: string, kept: number, scanned: number): void => {
    if (kept !== scanned) differences.push(`${what}: ${kept} kept, ${scanned} by a scan`);
  };
  same('tombstones', counter('tombstones'), number('SELECT count(*) FROM tombstones'));
  const ordered = `FROM messages WHERE seq <= ${watermark}`;
  same('messages', counter('messages'), number('SELECT count(*) FROM messages'));
  same(
    'messages with a number above the last one given',
    number('SELECT count(*) FROM messages WHERE seq > ?', counter('last_seq')),
    0,
  );
  same(
    'messages in the order by time',
    number('SELECT count(*) FROM by_time'),
    number(`SELECT count(*) ${ordered}`),
  );
  same(
    'messages in the order by sender',
    number('SELECT count(*) FROM by_sender'),
    number(`SELECT count(*) ${inSenderOrder}`, ...progress),
  );
  same('entries by time that name no such message', number(misplaced('by_time')), 0);
  same('entries by sender that name no such message', number(misplaced('by_sender')), 0);
  same('entries by sender that are in the list of another', number(MISTAKEN_SENDERS), 0);
  same(
    'senders whose count is wrong',
    number(
      `SELECT count(*) FROM senders s WHERE messages <>
       (SELECT count(*) FROM by_sender b WHERE b.sender_id = s.sender_id)`,
    ),
    0,
  );
  same(
    'senders',
    number('SELECT count(*) FROM senders WHERE messages > 0'),
    number(`SELECT count(DISTINCT from_msisdn) ${inSenderOrder}`, ...progress),
  );
  same('segments whose count is wrong', number(wrongSegments('segments')), 0);
  same("senders' segments whose count is wrong", number(wrongSegments('sender_segments')), 0);
  same(
    'senders whose segments do not begin with their list',
    number(
      `SELECT count(*) FROM senders s WHERE segmented <> EXISTS (SELECT 1 FROM sender_segments g
       WHERE g.sender_id = s.sender_id AND g.ts_seconds = -99999999999)`,
    ),
    0,
  );
  return differences;
}

const MISTAKEN_SENDERS = `SELECT count(*) FROM by_sender o JOIN messages m ON m.seq = o.seq
  LEFT JOIN senders s USING (sender_id) WHERE s.from_msisdn IS NOT m.from_msisdn`;

function misplaced(order: 'by_time' | 'by_sender'): string {
  return `SELECT count(*) FROM ${order} o LEFT JOIN messages m ON m.seq = o.seq
    WHERE m.message_id IS NOT o.message_id OR m.ts_seconds <> o.ts_seconds OR m.ts_nanos <> o.ts_nanos`;
}

function wrongSegments(table: 'segments' | 'sender_segments'): string {
  const [sender, entries, among] =
    table === 'segments'
      ? ['0', 'by_time', '']
      : ['sender_id', 'by_sender', 'b.sender_id = g.sender AND'];
  return `SELECT count(*) FROM (
    SELECT messages, ${sender} AS sender, ts_seconds, ts_nanos, message_id,
      lead(ts_seconds, 1, 999999999999) OVER w AS next_seconds,
      lead(ts_nanos, 1, 0) OVER w AS next_nanos,
      lead(message_id, 1, '') OVER w AS next_id
    FROM ${table} WINDOW w AS (PARTITION BY ${sender} ORDER BY ts_seconds, ts_nanos, message_id)) g
    WHERE messages <> (SELECT count(*) FROM ${entries} b
      WHERE ${among} (b.ts_seconds, b.ts_nanos, b.message_id) >= (g.ts_seconds, g.ts_nanos, g.message_id)
        AND (b.ts_seconds, b.ts_nanos, b.message_id) < (g.next_seconds, g.next_nanos, g.next_id))`;
}
