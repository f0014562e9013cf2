// Transactions: one snapshot for a read, and writes that are tried again where the server says that this may help.
import { isRetryable } from './failure.ts';
import type { Session } from './session.ts';

const ATTEMPTS_MAX = 10;
/** Compiling a statement takes longer than any of ours; the server decides by an estimate that is often far too high for them. */
const WITHOUT_JIT = 'SET LOCAL jit = off';

/** Waits for all, so that the connection is quiet, and rejects as the first that failed. */
export async function settled<T extends readonly unknown[] | []>(
  sent: T,
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  await Promise.allSettled(sent);
  return await Promise.all(sent);
}

/**
 * Runs `work` in one snapshot. The server ends a statement that takes longer than `statementMs`, also when nobody waits for it any more.
 * Rejects with what `work` and the client throw.
 */
export async function inSnapshot<T>(
  session: Session,
  statementMs: number,
  work: () => Promise<T>,
): Promise<T> {
  try {
    const begin = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = ${statementMs}; ${WITHOUT_JIT}`;
    const [, result] = await settled([session.run(begin), work()]);
    return result;
  } finally {
    // It changes nothing: the result need not wait for it.
    session.finish('COMMIT');
  }
}

/**
 * Runs `work` in a transaction whose statements share one snapshot. The whole of it is tried again where another transaction was in
 * its way. Rejects with what `work` and the client throw.
 */
export async function inTransaction<T>(
  session: Session,
  work: () => Promise<T>,
  isolation: 'READ COMMITTED' | 'REPEATABLE READ' = 'REPEATABLE READ',
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const begin = session.run(`BEGIN ISOLATION LEVEL ${isolation}; ${WITHOUT_JIT}`);
      const [, result] = await settled([begin, work()]);
      await session.run('COMMIT');
      return result;
    } catch (error) {
      if (!session.broken) await session.run('ROLLBACK').catch(() => session.destroy());
      if (attempt >= ATTEMPTS_MAX || !isRetryable(error)) throw error;
    }
  }
}
