// Looks a database file over: whether SQLite finds it sound, whether the schema is ours, whether what is derived agrees.
import type { DatabaseSync } from 'node:sqlite';
import { openForReading } from '../file/connection.ts';
import { counterReader } from '../file/counters.ts';
import { missingObjects, schemaVersion, SCHEMA_VERSION } from '../file/migrations.ts';
import { verifyCover, verifySearch } from '../search/verify.ts';
import { verifyCounts } from './verify.ts';

/** How many of SQLite's complaints are told. */
const COMPLAINTS_MAX = 20;

/** One thing that was looked at: `problems` has a sentence for each thing that is wrong. */
interface Finding {
  readonly name: 'integrity' | 'schema' | 'counters' | 'search';
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
}

/**
 * `full`: every page, every index entry against its row, every text against the search index.
 * `quick`: without what costs most: index entries are counted, not compared, and texts are not read.
 */
export type Depth = 'quick' | 'full';

/** Told what is being looked at; `done` of `all` where that is known. */
export type TellInspection = (name: Finding['name'], done: number, all: number | null) => void;

/** Opens the file for reading and looks at it in one snapshot. Throws where it cannot be opened at all. */
export function inspectFile(path: string, depth: Depth, tell?: TellInspection): Inspection {
  const database = openForReading(path);
  try {
    return inspect(database, depth, tell);
  } finally {
    database.close();
  }
}

/** Looks at the file; the connection is to be closed after it. Later looks are left out where an earlier one shows that they would be in vain. */
function inspect(
  database: DatabaseSync,
  depth: Depth,
  tell: TellInspection = () => undefined,
): Inspection {
  const findings: Finding[] = [];
  let version: number | null = null;
  let counts: Counts | null = null;
  const look = (name: Finding['name'], work: () => string[]): boolean => {
    tell(name, 0, null);
    const startMs = performance.now();
    const problems = attempt(work);
    findings.push({ name, problems, seconds: (performance.now() - startMs) / 1_000 });
    return problems.length === 0;
  };
  // One state for all looks. It ends with the connection: on a damaged file even that a read ends may be an error.
  database.exec('BEGIN');
  const lookAtAll = (): void => {
    if (!look('schema', () => schemaProblems(database))) return;
    version = schemaVersion(database);
    counts = countsOf(database);
    const all = counts?.lastSeq ?? null;
    if (!look('integrity', () => integrityProblems(database, depth))) return;
    if (version !== SCHEMA_VERSION) return;
    look('counters', () => verifyCounts(database));
    look('search', () =>
      depth === 'full'
        ? verifySearch(database, (messages) => tell('search', messages, all))
        : verifyCover(database),
    );
  };
  lookAtAll();
  return {
    findings,
    sound: findings.every(({ problems }) => problems.length === 0),
    schemaVersion: version,
    ...((counts as Counts | null) ?? { messages: null, lastSeq: null }),
  };
}

interface Counts {
  readonly messages: number;
  readonly lastSeq: number;
}

/** How many messages there are, and the last number given: scanned, as old versions counted nothing. */
function countsOf(database: DatabaseSync): Counts | null {
  try {
    const row = database.prepare('SELECT count(*) AS count FROM messages').get();
    return { messages: Number(row?.['count']), lastSeq: counterReader(database)('last_seq') };
  } catch {
    return null;
  }
}

/** What a look finds; where it cannot be finished, that is what is wrong. */
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

function integrityProblems(database: DatabaseSync, depth: Depth): string[] {
  const pragma = depth === 'full' ? 'integrity_check' : 'quick_check';
  return database
    .prepare(`PRAGMA ${pragma}(${COMPLAINTS_MAX})`)
    .all()
    .map((row) => String(Object.values(row)[0]))
    .filter((line) => line !== 'ok');
}
