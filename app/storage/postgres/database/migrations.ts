// Brings the schema to today's version: its steps are applied in one transaction, forward only, by one of all replicas that start together.
import { AdminError } from '../../admin.ts';
import { MIGRATIONS, TABLES } from './schema-steps.ts';
import type { Session } from './session.ts';
import { inTransaction } from './transaction.ts';

/** The schema version that this program writes and reads. */
const SCHEMA_VERSION = MIGRATIONS.length;

/** Serializes migrations of all programs that use this key: "ONCEBOX" in ASCII. */
const LOCK_KEY = '22322573991890776';
/** A database that this program must not touch: newer than it, or another program's. */
export class SchemaError extends AdminError {
  override readonly name = 'SchemaError';

  constructor(message: string) {
    super('schema', message);
  }
}

/**
 * Migrates the database to the current version. Rejects with SchemaError, leaving it as it was, where it must not be touched, and
 * with what the client throws.
 */
export async function migrate(session: Session): Promise<void> {
  // Statements after the lock see what its last holder committed only where each has a snapshot of its own.
  const steps = async (): Promise<void> => {
    await session.run(`SELECT pg_advisory_xact_lock(${LOCK_KEY})`);
    const version = await versionOrNone(session);
    if (version === SCHEMA_VERSION) return;
    for (const step of MIGRATIONS.slice(version)) await session.run(step);
    if (version === 0) await session.run('CREATE TABLE oncebox_schema (version integer NOT NULL)');
    await session.run(
      version === 0
        ? `INSERT INTO oncebox_schema VALUES (${SCHEMA_VERSION})`
        : `UPDATE oncebox_schema SET version = ${SCHEMA_VERSION}`,
    );
  };
  await inTransaction(session, steps, 'READ COMMITTED');
}

/** Rejects with SchemaError where the database is not one of this version, and with what the client throws. */
export async function assertSchema(session: Session): Promise<void> {
  const version = await versionOrNone(session);
  if (version === 0)
    throw new SchemaError(
      'the database has no tables of Oncebox yet: start the service on it once',
    );
  if (version < SCHEMA_VERSION)
    throw new SchemaError(
      `the database has schema version ${version}, not ${SCHEMA_VERSION}: start the service of this version on it once`,
    );
}

/** Returns the version of the schema, 0 where there is none. Rejects with SchemaError where it must not be touched. */
async function versionOrNone(session: Session): Promise<number> {
  const tables = await existing(session);
  if (!tables.includes('oncebox_schema')) {
    const [taken] = tables;
    if (taken === undefined) return 0;
    if (await isUnfinished(session))
      throw new SchemaError(
        'the database is the target of a migration that has not finished: run `oncebox migrate` again',
      );
    throw new SchemaError(
      `the database belongs to another program, which has a table ${taken}: name another database in DATABASE_URL`,
    );
  }
  const version = await schemaVersion(session);
  if (version > SCHEMA_VERSION)
    throw new SchemaError(
      `the database has schema version ${version}, and this program knows versions up to ${SCHEMA_VERSION}: ` +
        'start the newer program that wrote it, or restore a backup',
    );
  return version;
}

/** Returns the version of a database of Oncebox. Rejects with what the client throws. */
export async function schemaVersion(session: Session, table = 'oncebox_schema'): Promise<number> {
  const [row] = await session.rows<[number]>(`SELECT version FROM ${table}`);
  return row?.[0] ?? 0;
}

/** Has the table of the version while the database is the target of a migration: no service takes it for one of Oncebox. */
const UNFINISHED = 'oncebox_migration';

/** Returns whether the database is the target of a migration that has not finished. Rejects with SchemaError where it was of another version. */
export async function isUnfinished(session: Session): Promise<boolean> {
  const [row] = await session.rows<[boolean]>(`SELECT to_regclass('${UNFINISHED}') IS NOT NULL`);
  if (row?.[0] !== true) return false;
  const version = await schemaVersion(session, UNFINISHED);
  if (version === SCHEMA_VERSION) return true;
  throw new SchemaError(
    `a migration into the database was begun by a program with schema version ${version}, not ${SCHEMA_VERSION}: begin again with an empty database`,
  );
}

/** Marks a database of this version as unfinished, or as finished. Rejects with what the client throws. */
export async function markUnfinished(session: Session, unfinished: boolean): Promise<void> {
  const [from, to] = unfinished ? ['oncebox_schema', UNFINISHED] : [UNFINISHED, 'oncebox_schema'];
  await session.run(`ALTER TABLE ${from} RENAME TO ${to}`);
}

/** Returns the names of tables that are missing. Rejects with what the client throws. */
export async function missingTables(session: Session): Promise<string[]> {
  const tables = await existing(session);
  return TABLES.filter((name) => !tables.includes(name));
}

/** Returns which of our tables a statement would find. */
async function existing(session: Session): Promise<string[]> {
  const names = TABLES.map((name) => `('${name}')`).join(', ');
  const rows = await session.rows<[string]>(
    `SELECT name FROM (VALUES ${names}) AS ours (name) WHERE to_regclass(quote_ident(name)) IS NOT NULL`,
  );
  return rows.map(([name]) => name);
}
