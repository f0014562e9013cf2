// Messages by their numbers, in SQL: the number of one is the first of its batch and its place in it.

/**
 * SQL for the messages `m` whose number is above the parameter `$1`, each with its `seq`, batch by batch in the order of commit.
 * Each batch is looked up in the index, however many there seem to be.
 */
export const MESSAGES_AFTER = `(SELECT first_seq, width, total, batch FROM batches
    WHERE first_seq >= coalesce((SELECT max(first_seq) FROM batches WHERE first_seq <= $1::int8), 0)
    ORDER BY first_seq) b
  CROSS JOIN LATERAL (
    SELECT b.first_seq + i.ord AS seq, i.* FROM messages i
    WHERE i.batch = b.batch AND i.ord > $1::int8 - b.first_seq ORDER BY i.ord OFFSET 0
  ) m`;
