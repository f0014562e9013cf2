// Reads all messages that match, in the order of the list, in bounded memory.
import type { PostgresLocation } from '../../../model/database.ts';
import type { OrderKey } from '../../../model/order.ts';
import { foldCase } from '../../../model/search.ts';
import type { ArchivedMessage, ExportFilter } from '../../admin.ts';
import {
  FIRST_KEY,
  KEY_COLUMNS,
  LAST_KEY,
  keyOf,
  keyParameter,
  keyValues,
} from '../database/keys.ts';
import { assertSchema } from '../database/migrations.ts';
import { MESSAGE_COLUMNS, type MessageRow, messageOf, orderKeyOf } from '../read/rows.ts';
import { connect, ended, expected } from './connection.ts';

/** Messages that are read in one statement. */
const CHUNK_MESSAGES = 2_000;

const NEXT = `SELECT ${MESSAGE_COLUMNS}, m.created_at FROM messages m
  WHERE ${keyOf('m')} > ${keyParameter(1)} AND ${keyOf('m')} < ${keyParameter(4)}`;
const ORDER = `ORDER BY ${KEY_COLUMNS} LIMIT ${CHUNK_MESSAGES}`;

type ArchivedRow = readonly [...MessageRow, createdAt: string];

/**
 * Yields the messages that match, in the order of the list, in chunks. Each chunk is read in a snapshot of its own: no transaction
 * stays open, which would keep the server from cleaning up. Rejects with Refusal.
 */
export async function* exportMessages(
  location: PostgresLocation,
  filter: ExportFilter,
): AsyncGenerator<ArchivedMessage[]> {
  const session = await connect(location);
  try {
    await expected(() => assertSchema(session));
    const matches = matcherOf(filter);
    const { from, since, until } = filter;
    // No message has the key of an instant alone: its id would be empty.
    const end = keyValues(until === null ? LAST_KEY : { ...until, messageId: '' });
    let after: OrderKey | null = since === null ? FIRST_KEY : { ...since, messageId: '' };
    while (after !== null) {
      const values = [...keyValues(after), ...end];
      const rows: ArchivedRow[] = await expected(() =>
        from === null
          ? session.rows<ArchivedRow>(`${NEXT} ${ORDER}`, values)
          : session.rows<ArchivedRow>(`${NEXT} AND m.from_msisdn = $7 ${ORDER}`, [...values, from]),
      );
      yield rows.map(archivedOf).filter(matches);
      const last = rows.at(-1);
      after = last === undefined || rows.length < CHUNK_MESSAGES ? null : keyOfRow(last);
    }
  } finally {
    await ended(session);
  }
}

function archivedOf([...row]: ArchivedRow): ArchivedMessage {
  return { ...messageOf(row as unknown as MessageRow), created_at: row[7] };
}

function keyOfRow([...row]: ArchivedRow): OrderKey {
  return orderKeyOf(row as unknown as MessageRow);
}

function matcherOf({ text }: ExportFilter): (message: ArchivedMessage) => boolean {
  if (text === null) return () => true;
  const needle = foldCase(text);
  return (message) => message.text !== null && foldCase(message.text).includes(needle);
}
