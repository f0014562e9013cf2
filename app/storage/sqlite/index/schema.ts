// The index file beside the database: its name, its tables, and how it is opened for writing.
import { existsSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { BUSY_TIMEOUT_MS, WAL_BYTES_KEPT } from '../file/connection.ts';
import { isDamage } from './damage.ts';
import { matchesWal } from './wal-consistency.ts';

/** Changes with the tables or with the folding of texts: a file of any other version is deleted and built again. */
const INDEX_VERSION = 2;

/**
 * Pages that the indexer keeps in memory: its batches are sorted, so more gains nothing.
 * Measured: 64 MiB took 50 MB more and filled no faster.
 */
const CACHE_KIB = 16_384;

/** Memory in which FTS5 gathers a batch of texts: one segment of its own a batch, where the default of 1 MiB makes several. */
const TEXTS_HASH_BYTES = 33_554_432;

/** FTS5 merges so many segments of a size. Measured, 250,000 texts in batches of 4,096: 12.9 µs of processor time a text, 16 with the default of 4. */
const TEXTS_SEGMENTS_MERGED = 8;

/**
 * FTS5 merges a segment when so much of it is deleted, in percent. Measured, half of 60,000 texts deleted in steps of 256: 160 µs of
 * processor time a text with the default of 10, 11 with 40, and the same number of pages afterwards.
 */
const TEXTS_DELETED_PERCENT = 40;

/**
 * The list of all messages. It has a row, for its count and its segments, once there are messages of two sources; until then the list of
 * the one source is that of all.
 */
export const ALL = 0;

/** What a list is of: all messages, those of a source, those of a sender. */
export const KIND = { all: 0, source: 1, sender: 2 } as const;

/** A segment holds so many messages when it is made, and is split when it has more than twice as many. */
export const SEGMENT_MESSAGES = 2_048;
/** A list of more messages has segments, and no segment grows larger. */
export const LIST_MESSAGES_MAX = 2 * SEGMENT_MESSAGES;

/** Names under which a connection of the index sees the database, and a reader's connection the index. */
export const MAIN = 'truth';
export const INDEX = 'derived';

/**
 * `state`: which database the index belongs to and how far it follows it; its file stamp is explained in wal-consistency.ts.
 * `lists`: one row a list with its count, and of a source the number of the newest message that came. `entries`: the lists of sources and
 * senders in the order of messages; that of all is made of those of the sources. `segments`: counted key ranges of the
 * longer lists, so that a position is found without walking to it. `texts`: folded texts by trigram, for search; it keeps no text. `composing`: messages of
 * which SQL cannot decide whether they match, because letters of their text may be joined when it is folded.
 */
const TABLES = `
  CREATE TABLE state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    epoch TEXT NOT NULL,
    listed_seq INTEGER NOT NULL,
    searched_seq INTEGER NOT NULL,
    removals INTEGER NOT NULL,
    senders INTEGER NOT NULL,
    file TEXT NOT NULL,
    batch INTEGER NOT NULL,
    checkpointed INTEGER NOT NULL
  );
  INSERT INTO state VALUES (1, '', 0, 0, 0, 0, lower(hex(randomblob(16))), 0, 0);
  CREATE TABLE lists (
    list INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    messages INTEGER NOT NULL,
    segmented INTEGER NOT NULL DEFAULT 0,
    newest INTEGER,
    UNIQUE (kind, name)
  );
  CREATE INDEX lists_by_messages ON lists (kind, messages DESC, name);
  CREATE INDEX lists_to_segment ON lists (messages) WHERE segmented = 0 AND messages > ${LIST_MESSAGES_MAX};
  CREATE TABLE entries (
    list INTEGER NOT NULL,
    ts_seconds INTEGER NOT NULL,
    ts_nanos INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (list, ts_seconds, ts_nanos, message_id)
  ) WITHOUT ROWID;
  CREATE TABLE segments (
    segment INTEGER PRIMARY KEY,
    list INTEGER NOT NULL,
    ts_seconds INTEGER NOT NULL,
    ts_nanos INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    messages INTEGER NOT NULL,
    UNIQUE (list, ts_seconds, ts_nanos, message_id)
  );
  CREATE TABLE composing (seq INTEGER PRIMARY KEY);
  CREATE VIRTUAL TABLE texts USING fts5(
    text, content='', contentless_delete=1, detail=none, tokenize="trigram case_sensitive 1"
  );
  INSERT INTO texts (texts, rank) VALUES ('hashsize', ${TEXTS_HASH_BYTES});
  INSERT INTO texts (texts, rank) VALUES ('automerge', ${TEXTS_SEGMENTS_MERGED});
  INSERT INTO texts (texts, rank) VALUES ('deletemerge', ${TEXTS_DELETED_PERCENT});`;

/** Tables that must be there for the file to be of use. */
const NAMES = ['composing', 'entries', 'lists', 'segments', 'state', 'texts'];

/** Returns the name of the index file of the database at `path`. */
export function indexPath(path: string): string {
  return `${path}-index`;
}

/** Returns what tells a file from another one that takes its name. */
export function fileIdentity(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return [found?.dev, found?.ino].join();
}

/** Returns SQL that attaches the file read-only, and never creates it. */
export function attachReadOnly(path: string, name: string): string {
  const uri = `${pathToFileURL(path).href}?mode=ro`;
  return `ATTACH '${uri.replaceAll("'", "''")}' AS ${name}`;
}

/** Creates the tables of an empty index in the schema `name` of the connection. Throws what SQLite throws. */
export function createTables(database: DatabaseSync, name: string): void {
  const prefixed = TABLES.replaceAll(/CREATE (TABLE|VIRTUAL TABLE|INDEX) /g, `CREATE $1 ${name}.`);
  database.exec(prefixed.replaceAll('INSERT INTO ', `INSERT INTO ${name}.`));
}

/** Returns whether the schema `name` of the connection is an index of this version. Throws what SQLite throws. */
export function isIndex(database: DatabaseSync, name: string): boolean {
  const version = database.prepare(`PRAGMA ${name}.user_version`).get()?.['user_version'];
  if (version !== INDEX_VERSION) return false;
  const rows = database.prepare(`SELECT name FROM ${name}.sqlite_schema`).all();
  const names = new Set(rows.map((row) => row['name']));
  return NAMES.every((table) => names.has(table));
}

/** Deletes the index file of the database at `path`, with its WAL. Throws what the system throws. */
export function deleteIndex(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(indexPath(path) + suffix, { force: true });
}

/**
 * Opens the index file of the database at `path` for writing, creating it where it is absent, with the database attached
 * read-only. A file of another version, or that is no index, is replaced by an empty one. Throws what SQLite or the system throws.
 */
export function openIndex(path: string): DatabaseSync {
  // What is left beside a file that was deleted is nothing that another one may begin with.
  if (!existsSync(indexPath(path))) deleteIndex(path);
  const database = openFile(path);
  try {
    if (isUsable(database, indexPath(path))) return attached(database, path);
  } catch (error) {
    database.close();
    throw error;
  }
  database.close();
  deleteIndex(path);
  const fresh = openFile(path);
  try {
    fresh.exec('BEGIN IMMEDIATE');
    createTables(fresh, 'main');
    fresh.exec(`PRAGMA user_version = ${INDEX_VERSION}; COMMIT`);
    return attached(fresh, path);
  } catch (error) {
    fresh.close();
    throw error;
  }
}

function openFile(path: string): DatabaseSync {
  return new DatabaseSync(indexPath(path), { timeout: BUSY_TIMEOUT_MS });
}

function isUsable(database: DatabaseSync, file: string): boolean {
  try {
    return isIndex(database, 'main') && matchesWal(database, 'main', file);
  } catch (error) {
    if (isDamage(error)) return false;
    throw error;
  }
}

function attached(database: DatabaseSync, path: string): DatabaseSync {
  // NORMAL: after a power cut the file may be older, never damaged; what it lacks is read again from the database.
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA journal_size_limit = ${WAL_BYTES_KEPT};
    PRAGMA secure_delete = FAST;
    PRAGMA cache_size = -${CACHE_KIB};
    PRAGMA temp_store = MEMORY;`);
  database.exec(attachReadOnly(path, MAIN));
  return database;
}
