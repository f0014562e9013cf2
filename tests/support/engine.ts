// Which engine the services of a test run store with, and their databases seen from outside, whichever it is.
import type { Cleaner } from './cleanup.ts';
import { execute, holdWriteLock, query } from './database.ts';
import { plainClient, queryOnce } from './postgres.ts';
import type { ServiceProcess } from './service.ts';

/** SQLite, unless ONCEBOX_TEST_ENGINE says `postgres`. */
export const ENGINE =
  process.env['ONCEBOX_TEST_ENGINE'] === 'postgres' ? ('postgres' as const) : ('sqlite' as const);

/** Runs a statement that both engines understand on the database of a service, as another program would. */
export async function runSql(service: ServiceProcess, statement: string): Promise<void> {
  if (ENGINE === 'sqlite') execute(service.databasePath, statement);
  else await queryOnce(service.databaseUrl, statement);
}

/** The ids of the messages in the database of a service, which may have ended, in the order of their bytes. */
export async function storedIds(service: ServiceProcess): Promise<string[]> {
  const statement = 'SELECT message_id FROM messages ORDER BY message_id';
  const rows =
    ENGINE === 'sqlite'
      ? query(service.databasePath, statement)
      : await queryOnce(service.databaseUrl, statement);
  // PostgreSQL has them as bytes.
  return rows.map(({ message_id: id }) => (Buffer.isBuffer(id) ? id.toString() : String(id)));
}

/** Makes another program keep the service from writing, not from reading. Gives a function that lets it write again. */
export async function holdWrites(
  t: Cleaner,
  service: ServiceProcess,
): Promise<() => Promise<void>> {
  if (ENGINE === 'sqlite') return await holdWriteLock(t, service.databasePath);
  // The database is dropped after the test, with the connection if it is still there.
  const client = plainClient(service.databaseUrl);
  await client.connect();
  t.after(() => client.end());
  await client.query('BEGIN; LOCK TABLE messages, events IN EXCLUSIVE MODE');
  return async () => {
    await client.query('ROLLBACK');
  };
}
