// The number of a batch, given under the lock of `commit_order`: one row more in `batches`, and no row updated.

/** The batch of this transaction: the first statement that inserts into it begins it. */
export const BATCH = `(SELECT currval('batch_ids'))`;
/** Begins a batch that has no messages. */
export const BEGIN_BATCH = `SELECT nextval('batch_ids')`;

/** For a batch of messages of the default source alone. Returns its last number; no row where nothing of it is stored. */
export const NUMBER = `INSERT INTO batches (first_seq, width, created, total, batch)
  SELECT coalesce(l.first_seq + l.width, 1), m.width, m.created, coalesce(l.total, 0) + m.created, ${BATCH}
  FROM (SELECT max(ord) + 1 AS width, count(*) AS created FROM messages WHERE batch = ${BATCH}) m
  LEFT JOIN (SELECT first_seq, width, total FROM batches ORDER BY first_seq DESC LIMIT 1) l ON true
  WHERE m.created > 0 RETURNING first_seq + width - 1`;

/** The same for any batch. */
export const NUMBER_ITEMS = `WITH stored AS MATERIALIZED (
    SELECT greatest(m.width, e.width) AS width, m.created, m.sourced + e.created AS items FROM
      (SELECT max(i.ord) + 1 AS width, count(*) AS created, count(o.message_id) AS sourced
        FROM messages i LEFT JOIN origins o USING (message_id) WHERE i.batch = ${BATCH}) m,
      (SELECT max(ord) + 1 AS width, count(*) AS created FROM events WHERE batch = ${BATCH}) e
  ), numbered AS (
    INSERT INTO batches (first_seq, width, created, total, batch)
    SELECT coalesce(l.first_seq + l.width, 1), s.width, s.created, coalesce(l.total, 0) + s.created, ${BATCH} FROM stored s
    LEFT JOIN (SELECT first_seq, width, total FROM batches ORDER BY first_seq DESC LIMIT 1) l ON true
    WHERE s.width > 0 RETURNING first_seq, width, batch
  ), noted AS (
    INSERT INTO source_batches (first_seq, batch, items)
    SELECT n.first_seq, n.batch, s.items FROM numbered n, stored s WHERE s.items > 0
  )
  SELECT first_seq + width - 1 FROM numbered`;
