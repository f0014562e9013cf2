// The questions that are asked of the messages, in SQL.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { foldCase } from '../../model/search.ts';
import type { Message } from '../../model/message.ts';
import type { MessageQuery, Page } from '../../model/page.ts';
import type { Stats } from '../../model/stats.ts';

const TOP_SENDERS = 10;
const ORDER = 'ORDER BY ts_seconds, ts_nanos, message_id';

/** One page and the total that matches it, both from one snapshot. */
export function selectPage(database: DatabaseSync, query: MessageQuery): Page {
  const { where, values } = conditions(query);
  return inSnapshot(database, () => {
    const total = Number(
      database.prepare(`SELECT count(*) AS count FROM messages ${where}`).get(...values)?.['count'],
    );
    const rows = database
      .prepare(
        `SELECT message_id, from_msisdn, to_msisdn, ts, text FROM messages ${where} ${ORDER} LIMIT ? OFFSET ?`,
      )
      .all(...values, query.limit, query.offset);
    return { data: rows.map(messageOf), total };
  });
}

/** The figures of `GET /stats`, all from one snapshot. */
export function selectStats(database: DatabaseSync): Stats {
  return inSnapshot(database, () => {
    const totals = database
      .prepare('SELECT count(*) AS total, count(DISTINCT from_msisdn) AS senders FROM messages')
      .get();
    const top = database
      .prepare(
        `SELECT from_msisdn, count(*) AS count FROM messages GROUP BY from_msisdn
         ORDER BY count DESC, from_msisdn LIMIT ${TOP_SENDERS}`,
      )
      .all();
    const edge = (order: string): string | null =>
      (database.prepare(`SELECT ts FROM messages ${order} LIMIT 1`).get()?.['ts'] as
        string | undefined) ?? null;
    return {
      total_messages: Number(totals?.['total']),
      senders_count: Number(totals?.['senders']),
      messages_per_sender: top.map((row) => ({
        from: String(row['from_msisdn']),
        count: Number(row['count']),
      })),
      first_message_ts: edge(ORDER),
      last_message_ts: edge('ORDER BY ts_seconds DESC, ts_nanos DESC, message_id DESC'),
    };
  });
}

function conditions(query: MessageQuery): { where: string; values: SQLInputValue[] } {
  const parts: string[] = [];
  const values: SQLInputValue[] = [];
  if (query.from !== null) {
    parts.push('from_msisdn = ?');
    values.push(query.from);
  }
  if (query.since !== null) {
    parts.push('(ts_seconds, ts_nanos) >= (?, ?)');
    values.push(query.since.seconds, query.since.nanos);
  }
  if (query.text !== null) {
    // instr() compares characters, so no character of the search is a wildcard.
    parts.push('text IS NOT NULL AND instr(fold_case(text), ?) > 0');
    values.push(foldCase(query.text));
  }
  return { where: parts.length === 0 ? '' : `WHERE ${parts.join(' AND ')}`, values };
}

function messageOf(row: Record<string, unknown>): Message {
  return {
    message_id: row['message_id'] as string,
    from: row['from_msisdn'] as string,
    to: row['to_msisdn'] as string,
    ts: row['ts'] as string,
    text: row['text'] as string | null,
  };
}

/** Runs several reads on one state of the database. */
function inSnapshot<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN');
  try {
    return work();
  } finally {
    database.exec('COMMIT');
  }
}
