// A message in SQL: its JSON as the API returns it, and the columns of an exported message.

/**
 * SQL for the message `m` as `GET /messages` and the stream list it. SQLite writes the JSON, and its bytes are passed
 * on unchanged: building objects from the rows takes three times as long.
 */
export const MESSAGE_JSON = `json_object('message_id', m.message_id, 'from', m.from_msisdn, 'to', m.to_msisdn, 'ts', m.ts, 'text', m.text)`;

/** Columns of an exported message, under the names of the JSON. */
export const ARCHIVED_COLUMNS =
  'm.message_id, m.from_msisdn AS "from", m.to_msisdn AS "to", m.ts, m.text, m.created_at';
