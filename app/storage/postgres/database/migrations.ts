// The schema and its history: numbered steps, applied in one transaction, forward only, by one of all replicas that start together.
import { AdminError } from '../../admin.ts';
import type { Session } from './session.ts';
import { inTransaction } from './transaction.ts';

/** Step N brings a database of version N - 1 to version N. A step that has been released is never edited. */
const MIGRATIONS: readonly string[] = [
  // 1: `messages` and what numbers them are the truth; all else is derived behind the commit.
  //
  // Ids and texts are the bytes of their UTF-8: PostgreSQL's text has no U+0000, and bytes sort as messages do. A message's number is
  // `first_seq` of its batch and its place in it: `batches` gets a row for each commit, under the lock of `commit_order`, so that
  // numbers become visible in their order, and no row is updated for it. `width` numbers are used; `created` of them at first, and
  // `total` by all batches so far.
  `CREATE TABLE messages (
     message_id bytea PRIMARY KEY,
     from_msisdn text COLLATE "C" NOT NULL,
     to_msisdn text COLLATE "C" NOT NULL,
     ts text COLLATE "C" NOT NULL,
     text bytea,
     created_at text COLLATE "C" NOT NULL,
     ts_seconds bigint NOT NULL,
     ts_nanos integer NOT NULL,
     batch bigint NOT NULL,
     ord integer NOT NULL
   );
   CREATE UNIQUE INDEX messages_by_batch ON messages (batch, ord);
   CREATE INDEX messages_by_time ON messages (ts_seconds, ts_nanos, message_id);
   CREATE INDEX messages_by_sender ON messages (from_msisdn, ts_seconds, ts_nanos, message_id);
   CREATE SEQUENCE batch_ids;
   CREATE TABLE batches (
     first_seq bigint PRIMARY KEY,
     width integer NOT NULL,
     created integer NOT NULL,
     total bigint NOT NULL,
     batch bigint NOT NULL UNIQUE
   );
   CREATE TABLE commit_order (one boolean PRIMARY KEY CHECK (one));
   INSERT INTO commit_order VALUES (true);
   CREATE TABLE tombstones (id_hash bytea PRIMARY KEY);

   -- Who does the work behind the commit, until when.
   CREATE TABLE leases (name text COLLATE "C" PRIMARY KEY, holder uuid, until timestamptz NOT NULL);
   INSERT INTO leases VALUES ('background', NULL, '-infinity');

   -- Lists and counts hold all messages up to the number \`listed_seq\`. A segment counts the key range of a list from its key to the
   -- next one's: list 0 is that of all messages, and a sender of many has one. A period counts a minute, an hour or a day.
   CREATE TABLE list_state (
     one boolean PRIMARY KEY CHECK (one),
     listed_seq bigint NOT NULL,
     listed_total bigint NOT NULL,
     removed bigint NOT NULL,
     senders bigint NOT NULL
   );
   INSERT INTO list_state VALUES (true, 0, 0, 0, 0);
   CREATE TABLE senders (
     sender bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
     from_msisdn text COLLATE "C" NOT NULL UNIQUE,
     messages bigint NOT NULL,
     segmented boolean NOT NULL DEFAULT false
   );
   CREATE INDEX senders_by_messages ON senders (messages DESC, from_msisdn);
   CREATE TABLE segments (
     segment bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
     list bigint NOT NULL,
     ts_seconds bigint NOT NULL,
     ts_nanos integer NOT NULL,
     message_id bytea NOT NULL,
     messages bigint NOT NULL,
     UNIQUE (list, ts_seconds, ts_nanos, message_id)
   );
   INSERT INTO segments (list, ts_seconds, ts_nanos, message_id, messages) VALUES (0, -99999999999, 0, '', 0);
   CREATE TABLE periods (
     unit integer NOT NULL,
     start bigint NOT NULL,
     messages bigint NOT NULL,
     PRIMARY KEY (unit, start)
   );

   -- Search holds the texts up to the number \`searched_seq\`, folded, in blocks of consecutive numbers with their trigrams.
   CREATE TABLE search_state (one boolean PRIMARY KEY CHECK (one), searched_seq bigint NOT NULL);
   INSERT INTO search_state VALUES (true, 0);
   CREATE TABLE search_texts (
     block bigint NOT NULL,
     place smallint NOT NULL,
     ts_seconds bigint NOT NULL,
     ts_nanos integer NOT NULL,
     message_id bytea NOT NULL,
     from_msisdn text COLLATE "C" NOT NULL,
     folded bytea NOT NULL,
     PRIMARY KEY (block, place)
   );
   CREATE TABLE search_blocks (block bigint PRIMARY KEY, trigrams integer[] NOT NULL);
   CREATE INDEX search_blocks_by_trigram ON search_blocks USING gin (trigrams);`,
];

/** The schema version that this program writes and reads. */
const SCHEMA_VERSION = MIGRATIONS.length;

/** Serializes migrations of all programs that use this key: "ONCEBOX" in ASCII. */
const LOCK_KEY = '22322573991890776';
/** The tables that must exist for the schema to count as applied. */
const TABLES = [
  'batches',
  'commit_order',
  'leases',
  'list_state',
  'messages',
  'oncebox_schema',
  'periods',
  'search_blocks',
  'search_state',
  'search_texts',
  'segments',
  'senders',
  'tombstones',
] as const;

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
