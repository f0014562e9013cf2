// One row of an import: a message with the time of its arrival, an item or a delivery of a named source, or why it is not valid.
import { decodeMessage } from '../../ingest/decode.ts';
import { parseJson } from '../../ingest/json.ts';
import { parseInstant } from '../../model/instant.ts';
import { type Message, messageSchema } from '../../model/message.ts';
import { type Archived, archivedOf } from './archive-rows.ts';

/** A message of the default source, or why there is none. */
export type MessageRow =
  { readonly message: Message; readonly createdAt: string | null } | { readonly reason: string };

export type Row = MessageRow | { readonly archived: Archived };

/** A body of a webhook with this much in it is refused, too. */
const MESSAGE_BYTES_MAX = 1_048_576;
const TOO_LONG = { reason: 'the line is longer than 1 MiB' };

const NOTHING: readonly unknown[] = [undefined, null, ''];

/** Reads a row of NDJSON by the schema of the webhook, or as what an export writes beside such messages. Never throws. */
export function rowOfBytes(bytes: Buffer): Row {
  const json = parseJson(bytes);
  const value = 'value' in json ? json.value : null;
  const archived = archivedOf(value);
  if (archived !== null) return 'reason' in archived ? archived : { archived };
  if (bytes.length > MESSAGE_BYTES_MAX) return TOO_LONG;
  return rowOf(value) ?? { reason: reasonOf(bytes) };
}

/** Reads a row of CSV, as an object of its columns. Never throws. */
export function rowOfRecord(record: Record<string, string | null>): MessageRow {
  return rowOf(record) ?? { reason: reasonOf(Buffer.from(JSON.stringify(record))) };
}

/** Returns null where the value is not a valid message. */
function rowOf(value: unknown): MessageRow | null {
  const result = messageSchema.safeParse(value);
  if (!result.success) return null;
  const createdAt = (value as Record<string, unknown>)['created_at'];
  if (NOTHING.includes(createdAt)) return { message: result.data, createdAt: null };
  if (typeof createdAt === 'string') {
    const instant = parseInstant(createdAt);
    if (instant !== null && instant.seconds * 1_000 <= Date.now())
      return { message: result.data, createdAt };
  }
  return { reason: 'created_at: Input should be a valid UTC instant that has passed' };
}

/** Returns the validation issues that the webhook would respond with, in one line. */
function reasonOf(bytes: Buffer): string {
  const decoded = decodeMessage(bytes);
  if ('message' in decoded) return 'the row cannot be read';
  return decoded.issues
    .map(({ loc, msg }) => (typeof loc[1] === 'string' ? `${loc[1]}: ${msg}` : msg))
    .join('; ');
}
