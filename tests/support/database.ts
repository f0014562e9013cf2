// The database file seen from outside: read after the service has stopped, changed or locked by another process while it runs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { SQLOutputValue } from 'node:sqlite';
import { bounded, eventually } from './bounded.ts';
import { endAfter } from './cleanup.ts';
import type { Cleaner } from './cleanup.ts';

export type Row = Record<string, SQLOutputValue>;

/** Runs one query on a file that is opened for reading only. */
export function query(path: string, sql: string): Row[] {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

/** Waits for the tables of the index, which the service makes after it listens. Returns the path of the index. */
export async function indexThere(databasePath: string): Promise<string> {
  const path = `${databasePath}-index`;
  const table = "SELECT 1 FROM sqlite_schema WHERE name = 'entries'";
  await eventually(
    'the index',
    () => (existsSync(path) && query(path, table).length > 0) || undefined,
  );
  return path;
}

/** Changes a database from outside, as another program would. */
export function execute(path: string, sql: string): void {
  const database = new DatabaseSync(path, { timeout: 10_000 });
  try {
    database.exec(sql);
  } finally {
    database.close();
  }
}

/** Puts rows into the table as another program might, which the index lacks yet. */
export function insertRows(path: string, rows: number): void {
  execute(
    path,
    `BEGIN;
     INSERT INTO messages (message_id, from_msisdn, to_msisdn, ts, text, created_at, seq, ts_seconds, ts_nanos)
     SELECT 'other-' || value, '+15550100', '+15550101', '2025-01-15T10:00:00Z', 'a text',
       '2025-01-15T10:00:00Z', (SELECT value FROM counters WHERE name = 'last_seq') + value, 1736935200, 0
       FROM (WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n LIMIT ${rows}) SELECT value FROM n);
     UPDATE counters SET value = value + ${rows} WHERE name IN ('last_seq', 'messages');
     COMMIT;`,
  );
}

/** Holds the write lock until its standard input ends, which it also does when the test process dies. */
const HOLD = `
  import { DatabaseSync } from 'node:sqlite';
  const database = new DatabaseSync(process.argv[1], { timeout: 10_000 });
  database.exec('BEGIN IMMEDIATE');
  process.stdout.write('locked');
  process.stdin.resume().on('end', () => {
    database.exec('ROLLBACK');
    database.close();
  });
`;

/** Makes another process hold the write lock of a database. Returns a function that lets go of it and waits until it is free. */
export async function holdWriteLock(t: Cleaner, path: string): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', HOLD, path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  endAfter(t, child);
  const closed = once(child, 'close');
  await bounded(once(child.stdout, 'data'), () => 'the lock');
  return async () => {
    child.stdin.end();
    await bounded(closed, () => 'the end of the lock');
  };
}
