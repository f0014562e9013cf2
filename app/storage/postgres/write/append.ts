// The append: one round trip and one transaction for a batch, whose numbers become visible in the order of commit.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Message } from '../../../model/message.ts';
import { type AppendOutcome, StoreUnavailable } from '../../store.ts';
import { byteaArray } from '../database/arrays.ts';
import { isRetryable } from '../database/failure.ts';
import type { Session } from '../database/session.ts';
import { settled } from '../database/transaction.ts';
import { BATCH_COLUMNS, BATCH_ROWS, type Batch } from './batch.ts';

/** How statements of the append see others. All of them are correct; the tests force the strictest. */
export type Isolation = 'READ COMMITTED' | 'REPEATABLE READ' | 'SERIALIZABLE';

interface Appended {
  readonly outcomes: readonly AppendOutcome[];
  /** The last number of the batch; null where nothing of it was new. */
  readonly lastSeq: number | null;
}

const ATTEMPTS_MAX = 50;
const RETRY_MS_MAX = 20;
/** How long it waits for the batches of others; a wait for standbys is not ended by it. */
const LOCK_MS_MAX = 8_000;
/** A connection that is cut in the middle must not hold the lock of `commit_order` for long. */
const IDLE_MS_MAX = 5_000;

/**
 * `synchronous_commit` may be off, or not wait for standbys, for whatever reason: not for messages. A limit for statements must not be
 * set: it would end the wait for standbys with a commit that only this server has. A plan is kept while the tables grow, so it must not be one
 * that was right for small ones.
 */
const begin = (isolation: Isolation): string =>
  `BEGIN ISOLATION LEVEL ${isolation};
   SELECT set_config('lock_timeout', '${LOCK_MS_MAX}', true), set_config('statement_timeout', '0', true),
     set_config('idle_in_transaction_session_timeout', '${IDLE_MS_MAX}', true), set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true),
     set_config('synchronous_commit',
       CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true)`;

/** Who says "canceling wait for synchronous replication": the commit is durable on the primary alone. */
const NOT_REPLICATED = 'SyncRepWaitForLSN';

const BATCH = `(SELECT currval('batch_ids'))`;
const INSERT = `INSERT INTO messages (${BATCH_COLUMNS}, batch)
  SELECT m.*, b.batch FROM (SELECT nextval('batch_ids') AS batch OFFSET 0) b CROSS JOIN ${BATCH_ROWS} AS m
  ON CONFLICT (message_id) DO NOTHING RETURNING ord`;
/** After the insert: an id whose removal commits in between would come back if tombstones were looked up before. */
const DELETE_REMOVED = `DELETE FROM messages m USING tombstones t
  WHERE m.batch = ${BATCH} AND t.id_hash = substring(sha256(m.message_id) FOR 16) RETURNING m.ord`;
/**
 * Always, also when nothing was inserted: the lock is part of what is committed, so that an answer about a message that is there already
 * waits for the standbys as well. It is held until the commit is visible.
 */
const LOCK = 'SELECT 1 FROM commit_order FOR UPDATE';
const NUMBER = `INSERT INTO batches (first_seq, width, created, total, batch)
  SELECT coalesce(l.first_seq + l.width, 1), m.width, m.created, coalesce(l.total, 0) + m.created, ${BATCH}
  FROM (SELECT max(ord) + 1 AS width, count(*) AS created FROM messages WHERE batch = ${BATCH}) m
  LEFT JOIN (SELECT first_seq, width, total FROM batches ORDER BY first_seq DESC LIMIT 1) l ON true
  WHERE m.created > 0 RETURNING first_seq + width - 1`;

/**
 * Stores a batch, each message exactly once, and returns what became of each. Rejects with what the client throws, and StoreUnavailable; then it is not known whether the batch is stored.
 */
export async function appendBatch(
  session: Session,
  batch: Batch,
  isolation: Isolation,
): Promise<Appended> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await appendOnce(session, batch, isolation);
    } catch (error) {
      if (session.broken) throw error;
      // After an error COMMIT rolls back, so that no transaction is open.
      if (attempt >= ATTEMPTS_MAX || !isRetryable(error)) throw error;
      await sleep(Math.random() * RETRY_MS_MAX);
    }
  }
}

/** Writes and commits something harmless, to learn whether writing works. Rejects with what the client throws. */
export async function probe(session: Session): Promise<void> {
  await settled([session.run(begin('READ COMMITTED')), session.run(LOCK), session.run('COMMIT')]);
}

async function appendOnce(session: Session, batch: Batch, isolation: Isolation): Promise<Appended> {
  session.takeNotices();
  const [, inserted, removed, , numbered] = await settled([
    session.run(begin(isolation)),
    session.rows<[number]>(INSERT, batch.values, 'append_insert'),
    session.rows<[number]>(DELETE_REMOVED, [], 'append_delete'),
    session.rows(LOCK, [], 'append_lock'),
    session.rows<[number]>(NUMBER, [], 'append_number'),
    session.run('COMMIT'),
  ]);
  if (session.takeNotices().has(NOT_REPLICATED))
    throw new StoreUnavailable('database', 'the commit did not wait for the standbys');
  const gone = new Set(removed.map(([ord]) => ord));
  const created = new Set(inserted.map(([ord]) => ord).filter((ord) => !gone.has(ord)));
  const stored = await storedMessages(session, batch, created, gone);
  const outcomes = batch.messages.map((message, index): AppendOutcome => {
    const first = batch.first[index] ?? index;
    if (first === index && created.has(index)) return 'created';
    const other = created.has(first) ? batch.messages[first] : stored.get(message.message_id);
    // Of one that is removed nothing is known but the id.
    return other === undefined || isEqual(other, message) ? 'duplicate' : 'conflict';
  });
  return { outcomes, lastSeq: numbered[0]?.[0] ?? null };
}

type Content = Omit<Message, 'message_id'>;

/** What is stored under the ids of the batch that were there before. */
async function storedMessages(
  session: Session,
  { messages, first }: Batch,
  created: ReadonlySet<number>,
  gone: ReadonlySet<number>,
): Promise<Map<string, Content>> {
  const ids = messages
    .filter((_, index) => first[index] === index && !created.has(index) && !gone.has(index))
    .map(({ message_id }) => Buffer.from(message_id));
  if (ids.length === 0) return new Map();
  const rows = await session.rows<[Buffer, string, string, string, Buffer | null]>(
    'SELECT message_id, from_msisdn, to_msisdn, ts, text FROM messages WHERE message_id = ANY($1::bytea[])',
    [byteaArray(ids)],
  );
  return new Map(
    rows.map(([id, from, to, ts, text]) => [
      id.toString(),
      { from, to, ts, text: text?.toString() ?? null },
    ]),
  );
}

function isEqual(a: Content, b: Content): boolean {
  return a.from === b.from && a.to === b.to && a.ts === b.ts && a.text === b.text;
}
