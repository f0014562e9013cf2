// Checks a database file: whether SQLite finds it sound, whether the schema is ours, whether what is derived agrees with the messages.
import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { openForReading } from '../file/connection.ts';
import { counterReader } from '../file/counters.ts';
import { SCHEMA_VERSION, missingObjects, schemaVersion } from '../file/migrations.ts';
import { IndexUnusable } from '../index/damage.ts';
import { inSnapshot, openReader } from '../index/reader-connection.ts';
import { INDEX, indexPath } from '../index/schema.ts';
import { verifyCounters, verifyLists, verifySearch } from './verify.ts';

/** How many of SQLite's findings are told. */
const FINDINGS_MAX = 20;

/** One check: `problems` has a sentence for each thing that is wrong. */
interface Finding {
  readonly name: 'integrity' | 'schema' | 'counters' | 'index' | 'search';
  readonly problems: readonly string[];
  readonly seconds: number;
}

export interface Inspection {
  readonly findings: readonly Finding[];
  readonly sound: boolean;
  /** Older than this program's: the next start of the service brings it up. What is derived is not looked at then. */
  readonly schemaVersion: number | null;
  /** Null where the file is too damaged, or not ours. */
  readonly messages: number | null;
  readonly lastSeq: number | null;
  /** Messages that the index lists and that search covers. Null without an index: the next start of the service builds it. */
  readonly index: { readonly listed: number; readonly searched: number } | null;
}

/**
 * `full`: every page, every index entry against its row, every text against the search index.
 * `quick`: without what costs most: index entries are counted, not compared, and texts are not searched for.
 */
export type Depth = 'quick' | 'full';

/** Told what is being checked; `done` of `all` where that is known. */
export type TellCheck = (name: Finding['name'], done: number, all: number | null) => void;

/** Opens the file for reading and checks it in one snapshot. Throws where it cannot be opened at all. */
export function checkFile(
  path: string,
  depth: Depth,
  tell: TellCheck = () => undefined,
): Inspection {
  const findings: Finding[] = [];
  const run = (name: Finding['name'], work: () => string[]): boolean => {
    tell(name, 0, null);
    const startMs = performance.now();
    const problems = attempt(work);
    findings.push({ name, problems, seconds: (performance.now() - startMs) / 1_000 });
    return problems.length === 0;
  };
  const facts = checkDatabase(path, depth, run);
  // Later checks are left out where an earlier one shows that they would have no effect.
  const isCurrent = facts.schemaVersion === SCHEMA_VERSION && findings.every(isSound);
  const index = isCurrent ? checkIndex(path, depth, run, tell) : null;
  return { findings, sound: findings.every(isSound), ...facts, index };
}

type Run = (name: Finding['name'], work: () => string[]) => boolean;

function isSound({ problems }: Finding): boolean {
  return problems.length === 0;
}

/** The database by itself. */
function checkDatabase(
  path: string,
  depth: Depth,
  run: Run,
): Pick<Inspection, 'schemaVersion' | 'messages' | 'lastSeq'> {
  const database = openForReading(path);
  try {
    // One state for all checks. It ends with the connection: on a damaged file even that a read ends may be an error.
    database.exec('BEGIN');
    if (!run('schema', () => schemaProblems(database)))
      return { schemaVersion: null, messages: null, lastSeq: null };
    const version = schemaVersion(database);
    const facts = { schemaVersion: version, ...countsOf(database) };
    if (
      run('integrity', () => integrityProblems(database, 'main', depth)) &&
      version === SCHEMA_VERSION
    )
      run('counters', () => verifyCounters(database));
    return facts;
  } finally {
    database.close();
  }
}

/** The index against the database. One that another process is building is checked as far as it goes. */
function checkIndex(path: string, depth: Depth, run: Run, tell: TellCheck): Inspection['index'] {
  if (!existsSync(indexPath(path))) return null;
  let database: DatabaseSync | null = null;
  try {
    const opened = openReader(path, 'checked');
    database = opened;
    return inSnapshot(opened, (standing) => {
      const { listedSeq, searchedSeq } = standing.index;
      const listed = run('index', () => [
        ...integrityProblems(opened, INDEX, depth),
        ...verifyLists(opened, standing),
      ]);
      if (listed && depth === 'full')
        run('search', () =>
          verifySearch(opened, standing, (done) => tell('search', done, searchedSeq)),
        );
      return { listed: listedSeq, searched: searchedSeq };
    });
  } catch (error) {
    if (!(error instanceof IndexUnusable)) throw error;
    run('index', () => [error.message]);
    return null;
  } finally {
    database?.close();
  }
}

/** How many messages there are, and the last number given: scanned, as old versions counted nothing. */
function countsOf(database: DatabaseSync): Pick<Inspection, 'messages' | 'lastSeq'> {
  try {
    const row = database.prepare('SELECT count(*) AS count FROM messages').get();
    return { messages: Number(row?.['count']), lastSeq: counterReader(database)('last_seq') };
  } catch {
    return { messages: null, lastSeq: null };
  }
}

/** What a check finds; where it cannot be finished, that is what is wrong. */
function attempt(work: () => string[]): string[] {
  try {
    return work();
  } catch (error) {
    return [(error as Error).message];
  }
}

function schemaProblems(database: DatabaseSync): string[] {
  const version = schemaVersion(database);
  if (version === null) return ['the file is not a database of Oncebox'];
  if (version > SCHEMA_VERSION)
    return [`schema version ${version} is newer than this program, which knows ${SCHEMA_VERSION}`];
  return version < SCHEMA_VERSION
    ? []
    : missingObjects(database).map((name) => `${name} is missing`);
}

function integrityProblems(database: DatabaseSync, schema: string, depth: Depth): string[] {
  const pragma = depth === 'full' ? 'integrity_check' : 'quick_check';
  return database
    .prepare(`PRAGMA ${schema}.${pragma}(${FINDINGS_MAX})`)
    .all()
    .map((row) => String(Object.values(row)[0]))
    .filter((line) => line !== 'ok');
}
