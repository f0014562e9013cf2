// Brings a file to the schema of this program: numbered steps, each in one transaction, forward only.
import type { DatabaseSync } from 'node:sqlite';
import { AdminError } from '../../admin.ts';
import { SCHEMA_STEPS } from './schema-steps.ts';

/** Marks a file as ours ("ONCB" in ASCII), so that another program's database is not taken for one. */
const APPLICATION_ID = 0x4f4e4342;

/** The schema version that this program writes and reads. */
export const SCHEMA_VERSION = SCHEMA_STEPS.length;

/** The tables that must exist for the schema to count as applied. */
const SCHEMA_OBJECTS = [
  'messages',
  'events',
  'deliveries',
  'sources',
  'counters',
  'tombstones',
  'epochs',
  'removals',
  'forwards',
  'forward_items',
] as const;

/** Returns the version of a database of Oncebox; null for another program's, and for one without a schema. */
export function schemaVersion(database: DatabaseSync): number | null {
  const version = pragma(database, 'user_version');
  return version > 0 && pragma(database, 'application_id') === APPLICATION_ID ? version : null;
}

/** Returns the names of tables that are missing. */
export function missingObjects(database: DatabaseSync): string[] {
  const rows = database.prepare('SELECT name FROM sqlite_schema').all();
  const names = new Set(rows.map((row) => row['name']));
  return SCHEMA_OBJECTS.filter((name) => !names.has(name));
}

/** A file that this program must not touch: newer than it, or another program's. */
export class SchemaError extends AdminError {
  override readonly name = 'SchemaError';

  constructor(message: string) {
    super('schema', message);
  }
}

/** Migrates the file to the current version. Throws SchemaError, leaving the file as it was, where it must not be touched. */
export function migrate(database: DatabaseSync): void {
  const version = pragma(database, 'user_version');
  if (version > SCHEMA_VERSION) {
    throw new SchemaError(
      `the database has schema version ${version}, and this program knows versions up to ${SCHEMA_VERSION}: ` +
        'start the newer program that wrote it, or restore a backup',
    );
  }
  if (version === 0 && !isEmpty(database)) {
    throw new SchemaError(
      'the database belongs to another program: name another file in DATABASE_URL',
    );
  }
  if (version > 0 && pragma(database, 'application_id') !== APPLICATION_ID) {
    throw new SchemaError(
      'the database belongs to another program: name another file in DATABASE_URL',
    );
  }
  for (let step = version; step < SCHEMA_VERSION; step += 1) applyStep(database, step);
}

function applyStep(database: DatabaseSync, step: number): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have applied this step while this one waited for the lock.
    if (pragma(database, 'user_version') === step) {
      // Step 8 writes to the schema itself.
      database.enableDefensive(false);
      database.exec(SCHEMA_STEPS[step] ?? '');
      database.enableDefensive(true);
      database.exec(`PRAGMA user_version = ${step + 1}`);
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    }
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.['count'] === 0;
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}
