// Reads all messages that match, in the order of the list, in bounded memory.
import type { PostgresLocation } from '../../../model/database.ts';
import { foldCase } from '../../../model/search.ts';
import type { ArchivedMessage, ExportFilter } from '../../archive.ts';
import { KEY_COLUMNS, keyOf, keyParameter, keyValues, qualified } from '../database/keys.ts';
import { filterBounds, keyAfter } from '../../range.ts';
import { orderKeyOf, originIs } from '../read/rows.ts';
import { ARCHIVED_COLUMNS, type ArchivedValues, archivedMessageOf } from './archive.ts';
import { firstRows } from '../database/chunks.ts';
import { expected, withStream } from './connection.ts';

/** Messages that are read in one statement. */
const CHUNK_MESSAGES = 2_000;

/**
 * Yields the messages that match, in the order of the list, in chunks. Each chunk is read in a snapshot of its own: no transaction
 * stays open, which would keep the server from cleaning up. Rejects with Refusal.
 */
export async function* exportMessages(
  location: PostgresLocation,
  filter: ExportFilter,
): AsyncGenerator<ArchivedMessage[]> {
  const { from: sender, source } = filter;
  const matches = matcherOf(filter);
  const origin = source === null ? null : originIs(source, 7);
  const ofSource = origin === null ? '' : `AND ${origin.condition}`;
  const values = origin?.values ?? [];
  const ofSender = sender === null ? '' : `AND m.from_msisdn = $${7 + values.length}`;
  const next =
    firstRows(`SELECT ${ARCHIVED_COLUMNS}, row_number() OVER (ORDER BY ${qualified('m')}) AS place,
      coalesce(octet_length(m.text), 0) + coalesce(octet_length(o.payload), 0) AS size
    FROM (SELECT * FROM messages m WHERE ${keyOf('m')} >= ${keyParameter(1)} AND ${keyOf('m')} < ${keyParameter(4)} ${ofSource} ${ofSender}
      ORDER BY ${KEY_COLUMNS} LIMIT ${CHUNK_MESSAGES}) m LEFT JOIN origins o ON o.message_id = m.message_id`);
  const { below, ...bounds } = filterBounds(filter);
  yield* withStream(location, async function* (session) {
    for (let { from } = bounds; ;) {
      const keys = [...keyValues(from), ...keyValues(below)];
      const rows = await expected(() =>
        session.rows<ArchivedValues>(next, [
          ...keys,
          ...values,
          ...(sender === null ? [] : [sender]),
        ]),
      );
      const last = rows.at(-1);
      if (last === undefined) return;
      yield rows.map(archivedMessageOf).filter(matches);
      from = keyAfter(orderKeyOf(last));
    }
  });
}

function matcherOf({ text }: ExportFilter): (message: ArchivedMessage) => boolean {
  if (text === null) return () => true;
  const needle = foldCase(text);
  return (message) => message.text !== null && foldCase(message.text).includes(needle);
}
