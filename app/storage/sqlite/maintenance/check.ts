// Checks a database file: SQLite's own integrity check, the schema, and everything derived against the messages.
import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { CheckName, Depth, Finding, Inspection, OnProgress } from '../../admin.ts';
import { openForReading } from '../file/connection.ts';
import { counterReader } from '../file/counters.ts';
import { SCHEMA_VERSION, missingObjects, schemaVersion } from '../file/migrations.ts';
import { oneRow, preparedArrays } from '../file/statements.ts';
import { IndexUnusable } from '../index/damage.ts';
import { inSnapshot, openReader } from '../index/reader-connection.ts';
import { INDEX, fileIdentity, indexPath } from '../index/schema.ts';
import { hasSources } from './archive.ts';
import { verifyCounters, verifyDeliveries } from './verify-counts.ts';
import { verifyForwards } from './verify-forwards.ts';
import { verifyLists, verifySearch } from './verify.ts';

/** How many of SQLite's findings are reported. */
const FINDINGS_MAX = 20;

/** An index that is exchanged while it is checked is checked again, so often in all. */
const INDEX_ATTEMPTS = 3;

/** Opens the file for reading and checks it in one snapshot. Throws where it cannot be opened. */
export function checkFile(
  path: string,
  depth: Depth,
  onProgress: OnProgress<CheckName>,
): Inspection {
  const findings: Finding[] = [];
  const run = (name: CheckName, work: () => string[]): boolean => {
    onProgress(name, 0, null);
    const startMs = performance.now();
    const problems = attempt(work);
    findings.push({ name, problems, seconds: (performance.now() - startMs) / 1_000 });
    return problems.length === 0;
  };
  const facts = checkDatabase(path, depth, run);
  // Later checks are skipped where an earlier one failed, or the schema is an older one.
  const isCurrent = facts.schemaVersion === SCHEMA_VERSION && findings.every(isSound);
  const checked = findings.length;
  let index: Inspection['index'] = null;
  for (let turn = 1; isCurrent; turn += 1) {
    const file = fileIdentity(indexPath(path));
    index = checkIndex(path, depth, run, onProgress);
    if (findings.every(isSound) || turn === INDEX_ATTEMPTS) break;
    if (fileIdentity(indexPath(path)) === file) break;
    // The service has begun a new index meanwhile, whose log does not fit the file that was open here.
    findings.length = checked;
  }
  return { findings, sound: findings.every(isSound), ...facts, index };
}

type Run = (name: CheckName, work: () => string[]) => boolean;

function isSound({ problems }: Finding): boolean {
  return problems.length === 0;
}

type Facts = Pick<Inspection, 'schemaVersion' | 'messages' | 'events' | 'deliveries' | 'lastSeq'>;

/** Checks the database itself. */
function checkDatabase(path: string, depth: Depth, run: Run): Facts {
  const database = openForReading(path);
  try {
    // One snapshot for all checks. It ends with the connection: on a damaged file even a COMMIT may fail.
    database.exec('BEGIN');
    if (!run('schema', () => schemaProblems(database)))
      return { schemaVersion: null, ...UNKNOWN_COUNTS };
    const version = schemaVersion(database);
    const facts = { schemaVersion: version, ...countsOf(database) };
    const countsAreChecked =
      run('integrity', () => integrityProblems(database, 'main', depth)) &&
      version === SCHEMA_VERSION;
    if (
      countsAreChecked &&
      run('counters', () => [...verifyCounters(database), ...verifyForwards(database)])
    )
      run('deliveries', () => verifyDeliveries(database));
    return facts;
  } finally {
    database.close();
  }
}

/** Checks the index against the database. One that is still being built is checked up to its watermarks. */
function checkIndex(
  path: string,
  depth: Depth,
  run: Run,
  onProgress: OnProgress<CheckName>,
): Inspection['index'] {
  if (!existsSync(indexPath(path))) return null;
  let database: DatabaseSync | null = null;
  try {
    const opened = openReader(path, 'checked');
    database = opened;
    return inSnapshot(opened, (progress) => {
      const { listedSeq, searchedSeq } = progress.index;
      const listed = run('index', () => [
        ...integrityProblems(opened, INDEX, depth),
        ...verifyLists(opened, progress),
      ]);
      if (listed && depth === 'full')
        run('search', () =>
          verifySearch(opened, progress, (done) => onProgress('search', done, searchedSeq)),
        );
      return { listed: listedSeq, searched: searchedSeq };
    });
  } catch (error) {
    if (!(error instanceof IndexUnusable)) throw error;
    // One of another database is no damage of this one: the service deletes it.
    if (error.damaged) run('index', () => [error.message]);
    return null;
  } finally {
    database?.close();
  }
}

const UNKNOWN_COUNTS: Omit<Facts, 'schemaVersion'> = {
  messages: null,
  events: null,
  deliveries: null,
  lastSeq: null,
};

/** Returns how much there is, by a scan, as old versions kept no count, and the last number assigned. */
function countsOf(database: DatabaseSync): Omit<Facts, 'schemaVersion'> {
  const count = (table: 'messages' | 'events' | 'deliveries'): number =>
    oneRow(preparedArrays<[number]>(database, `SELECT count(*) FROM ${table}`))[0];
  try {
    const withSources = hasSources(database);
    return {
      messages: count('messages'),
      events: withSources ? count('events') : null,
      deliveries: withSources ? count('deliveries') : null,
      lastSeq: counterReader(database)('last_seq'),
    };
  } catch {
    return UNKNOWN_COUNTS;
  }
}

/** Returns what a check finds; where it fails, the error is the finding. */
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
