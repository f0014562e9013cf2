// Changes of destinations: each inside the transaction of a batch, or in one of their own.
import type { DatabaseSync } from 'node:sqlite';
import { counterReader } from '../file/counters.ts';
import { failureOf } from '../file/failure.ts';
import type { ForwardWrite, ForwardWriteResult } from '../file/forward-protocol.ts';
import type { ForwardOutcome } from '../file/protocol.ts';
import { type KeptForward, allForwards, forwardOf } from '../file/forwards.ts';
import { prepared } from '../file/statements.ts';
import { ForwardRows } from './forward-rows.ts';

type Write<Kind extends ForwardWrite['kind']> = Extract<ForwardWrite, { kind: Kind }>;

/**
 * Applies a write, to be called inside a transaction. One that fails by itself changes nothing, and does not keep the items beside it
 * from being stored. Throws what SQLite throws where the disk or a lock is the cause, or the transaction is lost.
 */
export function applyForward(database: DatabaseSync, write: ForwardWrite): ForwardOutcome {
  prepared(database, 'SAVEPOINT forward').run();
  try {
    const result = resultOf(database, write);
    prepared(database, 'RELEASE forward').run();
    return { result };
  } catch (error) {
    const failure = failureOf(error);
    if (failure === 'disk' || failure === 'locked' || !database.isTransaction) throw error;
    database.exec('ROLLBACK TO forward; RELEASE forward');
    return { failure };
  }
}

function resultOf(database: DatabaseSync, write: ForwardWrite): ForwardWriteResult {
  switch (write.kind) {
    case 'open':
      return open(database, write);
    case 'record':
      record(database, write);
      return true;
    case 'report':
      report(database, write);
      return null;
    case 'forget':
      return forget(database, write);
    case 'retry':
    case 'discard':
    case 'replay':
      return steer(database, write);
  }
}

/** Whether a write may delete rows, or replace some: they name senders. A healthy destination changes its position alone. */
export function mayDeleteRows(write: ForwardWrite): boolean {
  if (write.kind !== 'record') return write.kind !== 'open' && write.kind !== 'report';
  const { put, remove, release } = write.change;
  return put.length + remove.length + release.length > 0;
}

/** How many rows a write changes at most, about: what it adds to the WAL. */
export function rowsOf(write: ForwardWrite): number {
  if (write.kind === 'record') {
    const { put, remove, release } = write.change;
    return 1 + put.length + remove.length + release.length;
  }
  if (write.kind === 'forget') return write.limit;
  if (write.kind === 'replay') return write.entries.length;
  return 'seqs' in write ? write.seqs.length : 1;
}

function open(database: DatabaseSync, { name, mode, start, nowMs }: Write<'open'>) {
  const startedAfter = start === 'now' ? counterReader(database)('last_seq') : 0;
  prepared(
    database,
    `INSERT INTO forwards (name, mode, started_after, position, finished, delivered, retrying, waiting, dead, used_ms)
     VALUES (?1, ?2, ?3, ?3, '[]', 0, 0, 0, 0, ?4)
     ON CONFLICT (name) DO UPDATE SET mode = excluded.mode, used_ms = excluded.used_ms`,
  ).run(name, mode, startedAfter, nowMs);
  const opened = forwardOf(database, name);
  if (opened === null) throw new Error(`the destination ${name} was stored and is not there`);
  const { position, finished } = opened;
  return { position, finished };
}

function record(database: DatabaseSync, { name, change }: Write<'record'>): void {
  const kept = forwardOf(database, name);
  if (kept === null) return;
  const rows = new ForwardRows(database, kept.forward);
  for (const row of change.put) rows.put(row);
  for (const seq of change.remove) rows.remove(seq);
  for (const conversation of change.release) rows.release(conversation, change.nowMs);
  rows.end();
  prepared(
    database,
    'UPDATE forwards SET position = ?, finished = ?, delivered = delivered + ? WHERE forward = ?',
  ).run(change.position, JSON.stringify(change.finished), change.delivered, kept.forward);
}

function report(database: DatabaseSync, write: Write<'report'>): void {
  prepared(database, 'UPDATE forwards SET report = ?, used_ms = ? WHERE name = ?').run(
    JSON.stringify(write.report),
    write.nowMs,
    write.name,
  );
}

/** Returns how many entries it changed. */
function steer(database: DatabaseSync, write: Write<'retry' | 'discard' | 'replay'>): number {
  const kept = forwardOf(database, write.name);
  if (kept === null) return 0;
  const rows = new ForwardRows(database, kept.forward);
  const changed = steered(rows, write, kept);
  rows.end();
  return changed;
}

function steered(
  rows: ForwardRows,
  write: Write<'retry' | 'discard' | 'replay'>,
  kept: KeptForward,
): number {
  if (write.kind === 'discard') return write.seqs.filter((seq) => rows.discard(seq)).length;
  if (write.kind === 'retry') return rows.retry(write.seqs, write.nowMs);
  const entries = replayed(rows, write, kept);
  rows.again(entries, write.nowMs);
  return entries.length;
}

/** What has a row and is not given up is sent anyway. */
function replayed(
  rows: ForwardRows,
  { entries }: Write<'replay'>,
  { position, finished }: KeptForward,
) {
  const finishedAbove = new Set(finished);
  return entries.filter(({ seq }) => {
    const state = rows.stateOf(seq);
    if (state === null) return seq <= position || finishedAbove.has(seq);
    return state === 'dead' || state === 'discarded';
  });
}

/** Returns whether there is more to be forgotten. */
function forget(database: DatabaseSync, { configured, unusedSinceMs, limit }: Write<'forget'>) {
  const used = new Set(
    prepared<{ name: string }>(database, 'SELECT name FROM forwards WHERE used_ms >= ?')
      .all(unusedSinceMs)
      .map(({ name }) => name),
  );
  const unused = allForwards(database).filter(
    ({ name }) => !configured.includes(name) && !used.has(name),
  );
  const [first] = unused;
  if (first === undefined) return false;
  if (new ForwardRows(database, first.forward).clear(limit) === limit) return true;
  prepared(database, 'DELETE FROM forwards WHERE forward = ?').run(first.forward);
  return unused.length > 1;
}
