// Transactions that are durable when they end: on every standby that the server waits for, and tried again where others were in their way.
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailable } from '../../store.ts';
import { isRetryable } from '../database/failure.ts';
import type { Session } from '../database/session.ts';
import { settled } from '../database/transaction.ts';

/** How statements of the append see others. All of them are correct; the tests force the strictest. */
export type Isolation = 'READ COMMITTED' | 'REPEATABLE READ' | 'SERIALIZABLE';

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

const LOCK = 'SELECT 1 FROM commit_order FOR UPDATE';

/**
 * Takes the lock under which batches are numbered. Always, also when nothing was inserted: the lock is part of what is committed, so that an
 * answer about an item that is there already waits for the standbys as well. It is held until the commit is visible.
 */
export async function lockCommitOrder(session: Session): Promise<void> {
  await session.rows(LOCK, [], 'append_lock');
}

/**
 * Sends the statements of `send` as one transaction, in one round trip, and returns their results. Rejects with what the client throws, and
 * with StoreUnavailable; then it is not known whether it is committed.
 */
export async function durably<T extends readonly unknown[]>(
  session: Session,
  isolation: Isolation,
  send: () => readonly [...{ [K in keyof T]: Promise<T[K]> }],
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      session.takeNotices();
      const begun = session.run(begin(isolation));
      // Of those that fail the first one says why: the others say that the transaction has failed.
      const sent = settled(send());
      const [, results] = await settled([begun, sent, session.run('COMMIT')]);
      assertReplicated(session);
      return results;
    } catch (error) {
      if (session.broken) throw error;
      // After an error COMMIT rolls back, so that no transaction is open.
      if (attempt >= ATTEMPTS_MAX || !isRetryable(error)) throw error;
      await sleep(Math.random() * RETRY_MS_MAX);
    }
  }
}

/**
 * Runs `work` in such a transaction at READ COMMITTED: it may wait for what a statement returns before it sends the next, which sees
 * what was committed before it. Rejects as `durably` does.
 */
export async function durablyInSteps<T>(session: Session, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      session.takeNotices();
      const [, result] = await settled([session.run(begin('READ COMMITTED')), work()]);
      await session.run('COMMIT');
      assertReplicated(session);
      return result;
    } catch (error) {
      if (session.broken) throw error;
      await session.run('ROLLBACK').catch(() => session.destroy());
      if (attempt >= ATTEMPTS_MAX || !isRetryable(error)) throw error;
      await sleep(Math.random() * RETRY_MS_MAX);
    }
  }
}

function assertReplicated(session: Session): void {
  if (session.takeNotices().has(NOT_REPLICATED))
    throw new StoreUnavailable('database', 'the commit did not wait for the standbys');
}

/** Writes and commits something harmless, to learn whether writing works. Rejects with what the client throws. */
export async function probe(session: Session): Promise<void> {
  await durably(session, 'READ COMMITTED', () => [lockCommitOrder(session)]);
}
