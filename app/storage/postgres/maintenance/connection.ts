// The connection of a command: opened for one operation, and ended with it.
import { describeLocation, type PostgresLocation } from '../../../model/database.ts';
import { Refusal } from '../../../model/refusal.ts';
import { AdminError } from '../../admin.ts';
import { StoreUnavailable } from '../../store.ts';
import { Connector } from '../database/connect.ts';
import { reasonOf, sqlStateOf, unavailableOf } from '../database/failure.ts';
import { assertSchema } from '../database/migrations.ts';
import { LEASE } from '../database/schema-steps.ts';
import type { Session } from '../database/session.ts';

/** Commands work on everything that there is. */
const QUERY_MS = 86_400_000;

/** Connects to the primary, whatever is in the database. Rejects with Refusal, which names the database. */
export async function connect(location: PostgresLocation): Promise<Session> {
  try {
    return await new Connector(location).connect(QUERY_MS);
  } catch (error) {
    const { reason, message } = unavailableOf(error);
    throw new StoreUnavailable(reason, `${describeLocation(location)}: ${message}`, {
      cause: error,
    });
  }
}

/**
 * Runs `work` on a database of this version with a connection, which is ended, also in the middle of a statement when `signal` is aborted. Rejects
 * with SchemaError, StoreUnavailable and what `work` throws.
 */
export async function withSession<T>(
  location: PostgresLocation,
  work: (session: Session) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const session = await connect(location);
  const stop = (): void => session.destroy();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await expected(async () => {
      signal?.throwIfAborted();
      await assertSchema(session);
      return await work(session);
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    await ended(session);
  }
}

/** Yields what `work` yields, likewise; the connection is ended when nobody reads on. */
export async function* withStream<T>(
  location: PostgresLocation,
  work: (session: Session) => AsyncGenerator<T>,
): AsyncGenerator<T> {
  const session = await connect(location);
  try {
    await expected(() => assertSchema(session));
    yield* work(session);
  } finally {
    await ended(session);
  }
}

/** Ends the connection. Never rejects. */
export async function ended(session: Session): Promise<void> {
  if (session.broken) return;
  await session.end().catch(() => undefined);
}

/** Runs `work`. What the server and the connection say becomes StoreUnavailable; a bug keeps its stack. */
export async function expected<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    if (sqlStateOf(error) === null && reasonOf(error) === 'other') throw error;
    throw unavailableOf(error);
  }
}

const LEASED = `SELECT until > now() FROM leases WHERE name = '${LEASE}'`;

/** Returns whether a replica has the lease of the work behind the commit: while any runs, one has it, but for seconds. */
export async function isLeased(session: Session, lock: '' | 'FOR UPDATE' = ''): Promise<boolean> {
  const [row] = await session.rows<[boolean]>(`${LEASED} ${lock}`);
  return row?.[0] ?? false;
}

/** Rejects with AdminError where a service uses the database. */
export async function assertUnused(session: Session): Promise<void> {
  if (await isLeased(session))
    throw new AdminError(
      'in_use',
      'the database is in use by a running service: stop all of its replicas first; one that was killed counts for 12 s',
    );
}
