// What was committed after a number, in the order of commit.
import type { StreamEntry, StreamPage, StreamQuery } from '../../../model/stream.ts';
import { eventJson, messageItemJson } from '../../item-json.ts';
import { messageJson } from '../../message-json.ts';
import { ITEMS_AFTER, MESSAGES_AFTER } from '../database/numbers.ts';
import type { Session } from '../database/session.ts';
import { settled } from '../database/transaction.ts';
import { MESSAGE_COLUMNS, type MessageRow, messageOf } from './rows.ts';

/** A page ends once its entries pass this length, so that a few long texts do not make a page of megabytes. */
const PAGE_UNITS_MAX = 256 * 1_024;

/**
 * A server whose main process is killed stops waiting for standbys, and until its other processes notice, they read what no standby
 * has: a client would go on after numbers that other items get. A process notices when it waits, as this lets it do after a read.
 */
const NOTICE_DEATH = 'SELECT pg_sleep(0.001)';

const LAST = 'SELECT first_seq + width - 1 FROM batches ORDER BY first_seq DESC LIMIT 1';
const MESSAGES = `SELECT ${MESSAGE_COLUMNS}, m.seq FROM ${MESSAGES_AFTER} ORDER BY b.first_seq, m.ord LIMIT $2::int8`;
const ITEMS = `SELECT m.is_event, m.id, m.source, m.from_msisdn, m.to_msisdn, m.text, m.kind, m.subject, m.ts, m.created_at, m.seq
  FROM ${ITEMS_AFTER} ORDER BY b.first_seq, m.ord LIMIT $2::int8`;

type ItemRow = readonly [
  isEvent: boolean,
  id: Buffer,
  source: string | null,
  from: string,
  to: string,
  text: Buffer | null,
  /** Of an event its type. */
  kind: string | null,
  subject: Buffer | null,
  ts: string,
  createdAt: string,
  seq: number,
];

/** Reads the highest number so far; 0 before the first. Rejects with what the client throws. */
export async function lastSeqOf(session: Session): Promise<number> {
  const [row] = await session.rows<[number]>(LAST);
  return row?.[0] ?? 0;
}

/** At most `limit` entries after the number. To be called inside a snapshot. Rejects with what the client throws. */
export async function selectAfter(
  session: Session,
  { after, limit, scope }: StreamQuery,
): Promise<StreamPage> {
  const [found, lastSeq] = await settled([
    limit === 0 ? [] : entriesAfter(session, after, limit + 1, scope),
    lastSeqOf(session),
    session.run(NOTICE_DEATH),
  ]);
  if (limit === 0) return { entries: [], more: false, upTo: Math.min(after, lastSeq), lastSeq };
  const entries: StreamEntry[] = [];
  let units = 0;
  for (const entry of found) {
    if (entries.length === limit || units >= PAGE_UNITS_MAX) break;
    entries.push(entry);
    units += entry.json.length;
  }
  const more = entries.length < found.length;
  const upTo = more ? (entries.at(-1)?.seq ?? lastSeq) : lastSeq;
  return { entries, more, upTo, lastSeq };
}

async function entriesAfter(
  session: Session,
  after: number,
  limit: number,
  scope: StreamQuery['scope'],
): Promise<StreamEntry[]> {
  if (scope === 'items') return (await session.rows<ItemRow>(ITEMS, [after, limit])).map(entryOf);
  const rows = await session.rows<readonly [...MessageRow, seq: number]>(MESSAGES, [after, limit]);
  return rows.map((row) => ({ seq: row[7], item: 'message', json: messageJson(messageOf(row)) }));
}

function entryOf([isEvent, ...row]: ItemRow): StreamEntry {
  const [id, source, from, to, text, kind, subject, ts, created_at, seq] = row;
  if (!isEvent) {
    const fields = { message_id: id.toString(), from, to, ts, text: text?.toString() ?? null };
    const json = messageItemJson({ ...fields, source, kind, created_at, seq });
    return { seq, item: 'message', json };
  }
  const about = { type: kind ?? '', subject: subject?.toString() ?? null };
  const json = eventJson({
    event_id: id.toString(),
    source: source ?? '',
    ...about,
    ts,
    created_at,
    seq,
  });
  return { seq, item: 'event', json };
}
