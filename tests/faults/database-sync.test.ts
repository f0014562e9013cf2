// A sync of the database file or of its index fails: what it covered is copied again, or a power cut would lose what was acknowledged.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, it } from 'node:test';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { startService } from '../support/service.ts';
import type { Options, Service } from '../support/service.ts';
import { Load } from './load.ts';
import { mutant } from './mutant.ts';
import { PREFIX, cutPower } from './power-cuts.ts';
import { Disk, buildShim } from './shim.ts';
import { readTrace } from './trace.ts';
import type { TraceRecord } from './trace.ts';
import { assertSound, assertStored } from './verify.ts';

const built = buildShim({ after });

/** So many are waited for at once. */
const SOME_MESSAGES = 500;
/** The WAL restarts within so many: it is copied after each 2,048, but not at each of those times to its end. */
const MESSAGES_MAX = 60_000;
const MOMENTS = 4;

interface Run {
  readonly disk: Disk;
  readonly service: Service;
  readonly load: Load;
  readonly records: () => TraceRecord[];
}

async function startRun(t: Cleaner, library: string, options: Options = {}): Promise<Run> {
  const disk = new Disk(t, library, temporaryDirectory(t));
  const env = disk.env({ trace: true });
  const service = await startService(t, { ...options, directory: disk.directory, env });
  const load = new Load({
    port: service.port,
    connections: 4,
    prefix: `${PREFIX}-0`,
    reads: false,
  });
  return { disk, service, load, records: () => readTrace(disk.tracePath) };
}

async function acknowledges(load: Load, more: number): Promise<void> {
  const all = load.acknowledged.size + more;
  for (let some = load.acknowledged.size; some < all; some += SOME_MESSAGES)
    await eventually('messages', () => load.acknowledged.size >= some + SOME_MESSAGES || undefined);
}

/** How often the WAL has restarted: a number in its header (https://sqlite.org/fileformat.html#the_write_ahead_log). */
function restartsOf(databasePath: string): number {
  return readFileSync(`${databasePath}-wal`).readUInt32BE(12);
}

/** Resolves when the WAL has restarted under load, and more messages are in it. */
async function restarts(load: Load, databasePath: string): Promise<void> {
  const before = restartsOf(databasePath);
  const end = load.acknowledged.size + MESSAGES_MAX;
  while (restartsOf(databasePath) === before) {
    assert.ok(load.acknowledged.size < end, 'the WAL does not restart');
    await acknowledges(load, SOME_MESSAGES);
  }
  await acknowledges(load, SOME_MESSAGES);
}

/**
 * One sync of the database file fails under load, which then goes on until the WAL has restarted; the power is cut at any moment. A snapshot
 * keeps the pass before that sync from copying all: SQLite counts as copied what it could copy.
 */
async function failOnce(t: Cleaner, library: string, before: number, main?: string): Promise<void> {
  const { disk, service, load, records } = await startRun(t, library, main ? { main } : {});
  await acknowledges(load, before);
  const reader = new DatabaseSync(service.databasePath, { readOnly: true });
  reader.exec('BEGIN; SELECT count(*) FROM counters');
  disk.fail({ operations: ['sync'], files: ['database'], error: 'EIO', times: 1 });
  while (disk.hits === 0) await acknowledges(load, SOME_MESSAGES);
  reader.close();
  await restarts(load, service.databasePath);
  await load.stop();
  await service.stop('SIGKILL');
  const all = records();
  assert.deepEqual([...load.statuses.keys()], [200]);
  assertStored(service.databasePath, load.acknowledged);
  assertSound(service.databasePath);
  await cutPower(t, all, MOMENTS);
  // And at the end, which is when most would be missing.
  await cutPower(t, all, all.length, { random: lastOf(all.length) });
}

/** Chooses the last of so many moments. */
function lastOf(count: number): () => number {
  let asked = 0;
  return () => {
    asked += 1;
    return asked < count ? 1 : 0;
  };
}

// One after the other: playing a long record keeps this process from reading the answers of another test.
describe('a sync of the database file that fails', () => {
  for (const [when, before] of [
    ['the first', 500],
    ['a later one', 2_500],
  ] as const) {
    it(`${when}: nothing is lost when the power is cut later`, async (t) => {
      if ('reason' in built) return t.skip(built.reason);
      await failOnce(t, built.library, before);
    });
  }

  it('and syncs fail for a while, then the service stops: the log says so, and nothing is lost', async (t) => {
    if ('reason' in built) return t.skip(built.reason);
    const { disk, service, load, records } = await startRun(t, built.library);
    await acknowledges(load, 2_500);
    disk.fail({ operations: ['sync'], files: ['database'], error: 'EIO' });
    while (disk.hits < 2) await acknowledges(load, SOME_MESSAGES);
    await acknowledges(load, SOME_MESSAGES);
    disk.heal();
    await restarts(load, service.databasePath);
    await load.stop();
    await service.stop('SIGTERM');
    // A descriptor that was not used meanwhile may be told later of a failure that is over.
    const told = service.output
      .lines()
      .filter(({ event }) => String(event).startsWith('checkpoint_'));
    assert.equal(told[0]?.event, 'checkpoint_failed');
    assert.equal(told[1]?.event, 'checkpoint_recovered');
    assertStored(service.databasePath, load.acknowledged);
    await cutPower(t, records(), MOMENTS);
  });

  it('while the service stops: nothing is lost', async (t) => {
    if ('reason' in built) return t.skip(built.reason);
    const { disk, service, load, records } = await startRun(t, built.library);
    await acknowledges(load, 2_500);
    await load.stop();
    disk.fail({ operations: ['sync'], files: ['database'], error: 'EIO', times: 1 });
    await service.stop('SIGTERM');
    assert.ok(disk.hits > 0);
    assertStored(service.databasePath, load.acknowledged);
    const all = records();
    await cutPower(t, all, all.length, { random: lastOf(all.length) });
  });

  it('is found here where the WAL is not copied again', async (t) => {
    if ('reason' in built) return t.skip(built.reason);
    const main = mutant(
      t,
      'storage/sqlite/file/wal-index.ts',
      'writeSync(walIndex, NONE, 0, NONE.length, COPIED_FRAMES_AT);',
      'if (walIndex < 0) writeSync(walIndex, NONE, 0, NONE.length, COPIED_FRAMES_AT);',
    );
    await assert.rejects(failOnce(t, built.library, 2_500, main), /after record|malformed/);
  });
});

describe('a sync of the index that fails', () => {
  it('has it built again', async (t) => {
    if ('reason' in built) return t.skip(built.reason);
    const { disk, service, load, records } = await startRun(t, built.library);
    await acknowledges(load, 500);
    disk.fail({ operations: ['sync'], files: ['index', 'indexWal'], error: 'EIO', times: 1 });
    await eventually('the fault', () => disk.hits > 0 || undefined);
    await service.output.line('the report', ({ event }) => event === 'index_damaged');
    await acknowledges(load, 500);
    await load.stop();
    const total = load.acknowledged.size;
    await eventually('the index', async () => {
      const metrics = await service.get('/metrics');
      return /^oncebox_list_backlog_messages 0$/m.test(metrics.text) || undefined;
    });
    assert.equal((await service.page('?limit=1')).total, total);
    await service.stop('SIGKILL');
    await cutPower(t, records(), MOMENTS);
  });
});
