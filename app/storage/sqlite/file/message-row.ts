// A message as SQLite writes it: its wire form in JSON, and the columns of a row that leaves with its arrival time.

/**
 * SQL for the message `m` as `GET /messages`, the stream and `GET /message` list it. SQLite writes the JSON, and its bytes travel
 * as they are: building objects of the rows takes three times as long.
 */
export const MESSAGE_JSON = `json_object('message_id', m.message_id, 'from', m.from_msisdn, 'to', m.to_msisdn, 'ts', m.ts, 'text', m.text)`;

/** Columns of an exported message, under the names of the wire form. */
export const ARCHIVED_COLUMNS =
  'm.message_id, m.from_msisdn AS "from", m.to_msisdn AS "to", m.ts, m.text, m.created_at';
