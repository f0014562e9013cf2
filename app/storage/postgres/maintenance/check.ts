// Checks a database: the schema, its indexes, and everything derived against the messages, in one snapshot.
import type { PostgresLocation } from '../../../model/database.ts';
import type { CheckName, Depth, Finding, Inspection, OnProgress } from '../../admin.ts';
import { assertSchema, missingTables, SchemaError, schemaVersion } from '../database/migrations.ts';
import type { Session } from '../database/session.ts';
import { inSnapshot } from '../database/transaction.ts';
import { type Progress, readProgress } from '../index/progress.ts';
import { connect, ended, expected } from './connection.ts';
import { verifyDeliveries } from './verify-deliveries.ts';
import { verifyIndexes } from './verify-indexes.ts';
import { verifyLists } from './verify-lists.ts';
import { verifyNumbers } from './verify-numbers.ts';
import { verifySearch } from './verify-search.ts';

/** No limit: a check reads everything. */
const STATEMENT_MS_MAX = 0;

/** Rejects with Refusal where it cannot connect, and when `signal` is aborted. */
export async function checkDatabase(
  location: PostgresLocation,
  depth: Depth,
  signal: AbortSignal,
  onProgress: OnProgress<CheckName>,
): Promise<Inspection> {
  signal.throwIfAborted();
  const session = await connect(location);
  const stop = (): void => session.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await expected(() =>
      inSnapshot(session, STATEMENT_MS_MAX, () => check(session, depth, signal, onProgress)),
    );
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    await ended(session);
  }
}

async function check(
  session: Session,
  depth: Depth,
  signal: AbortSignal,
  onProgress: OnProgress<CheckName>,
): Promise<Inspection> {
  const findings: Finding[] = [];
  const run = async (name: CheckName, work: () => Promise<string[]>): Promise<boolean> => {
    signal.throwIfAborted();
    onProgress(name, 0, null);
    const startMs = performance.now();
    const problems = await work();
    findings.push({ name, problems, seconds: (performance.now() - startMs) / 1_000 });
    return problems.length === 0;
  };
  if (!(await run('schema', () => schemaProblems(session))))
    return { ...UNKNOWN, findings, sound: false };
  const progress = await readProgress(session);
  const [messages, events, deliveries] = await countsOf(session);
  await run('integrity', () => verifyIndexes(session, depth));
  // Where numbers are wrong, everything derived from them is.
  const isNumbered = await run('counters', () => verifyNumbers(session));
  await run('deliveries', () => verifyDeliveries(session));
  if (isNumbered) await checkDerived(session, progress, depth, run, onProgress);
  return {
    findings,
    sound: findings.every(({ problems }) => problems.length === 0),
    schemaVersion: await schemaVersion(session),
    messages,
    events,
    deliveries,
    lastSeq: progress.lastSeq,
    index: { listed: progress.listedSeq, searched: progress.searchedSeq },
  };
}

const UNKNOWN = {
  schemaVersion: null,
  messages: null,
  events: null,
  deliveries: null,
  lastSeq: null,
  index: null,
} as const;

async function checkDerived(
  session: Session,
  progress: Progress,
  depth: Depth,
  run: (name: CheckName, work: () => Promise<string[]>) => Promise<boolean>,
  onProgress: OnProgress<CheckName>,
): Promise<void> {
  const isListed = await run('index', () => verifyLists(session, progress, depth));
  if (!isListed || depth === 'quick') return;
  const { searchedSeq } = progress;
  await run('search', () =>
    verifySearch(session, searchedSeq, (done) => onProgress('search', done, searchedSeq)),
  );
}

async function schemaProblems(session: Session): Promise<string[]> {
  try {
    await assertSchema(session);
  } catch (error) {
    if (error instanceof SchemaError) return [error.message];
    throw error;
  }
  return (await missingTables(session)).map((name) => `${name} is missing`);
}

async function countsOf(
  session: Session,
): Promise<readonly [messages: number, events: number, deliveries: number]> {
  const [row] = await session.rows<[number, number, number]>(
    'SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM events), (SELECT count(*) FROM deliveries)',
  );
  return row ?? [0, 0, 0];
}
