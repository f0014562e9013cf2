// Items by their numbers, in SQL: the number of one is the first of its batch and its place in it.

/** The batches that may have a number above the parameter `$1`, in the order of commit. */
const BATCHES = `(SELECT first_seq, width, total, batch FROM batches
    WHERE first_seq >= coalesce((SELECT max(first_seq) FROM batches WHERE first_seq <= $1::int8), 0)
    ORDER BY first_seq) b`;

/**
 * SQL for the messages `m` whose number is above the parameter `$1`, each with its `seq`, batch by batch in the order of commit.
 * Each batch is looked up in the index, however many there seem to be.
 */
export const MESSAGES_AFTER = `${BATCHES}
  CROSS JOIN LATERAL (
    SELECT b.first_seq + i.ord AS seq, i.* FROM messages i
    WHERE i.batch = b.batch AND i.ord > $1::int8 - b.first_seq ORDER BY i.ord OFFSET 0
  ) m`;

/** The columns of ITEMS_AFTER, of messages `i` with their origins `o`, and of events `i`. */
const ITEM_COLUMNS: Readonly<
  Record<string, readonly [type: string, ofMessage: string, ofEvent: string]>
> = {
  is_event: ['boolean', 'false', 'true'],
  id: ['bytea', 'i.message_id', 'i.event_id'],
  ts: ['text', 'i.ts', 'i.ts'],
  created_at: ['text', 'i.created_at', 'i.created_at'],
  source: ['text', 'o.source', 'i.source'],
  from_msisdn: ['text', 'i.from_msisdn', 'NULL'],
  to_msisdn: ['text', 'i.to_msisdn', 'NULL'],
  text: ['bytea', 'i.text', 'NULL'],
  kind: ['text', 'o.kind', 'i.type'],
  subject: ['bytea', 'NULL', 'i.subject'],
  payload: ['bytea', 'o.payload', 'i.payload'],
  content: ['text', 'o.content', 'i.content'],
  delivery: ['bigint', 'o.delivery', 'i.delivery'],
};

const columns = (place: 1 | 2): string =>
  Object.values(ITEM_COLUMNS)
    .map((column) => `${column[place]}::${column[0]}`)
    .join(', ');

/** SQL likewise for items `m` of both kinds. */
export const ITEMS_AFTER = `${BATCHES}
  CROSS JOIN LATERAL (
    SELECT b.first_seq + u.ord AS seq, u.* FROM (
      SELECT i.ord, ${columns(1)} FROM messages i LEFT JOIN origins o USING (message_id) WHERE i.batch = b.batch
      UNION ALL SELECT i.ord, ${columns(2)} FROM events i WHERE i.batch = b.batch
    ) u (ord, ${Object.keys(ITEM_COLUMNS).join(', ')})
    WHERE u.ord > $1::int8 - b.first_seq ORDER BY u.ord OFFSET 0
  ) m`;

/** SQL for the number of the delivery with a key; null where there is none. */
export function deliveryNumber(key: string): string {
  return `(SELECT n.first_seq + d.ord FROM deliveries d JOIN batches n USING (batch) WHERE d.delivery = ${key})`;
}
