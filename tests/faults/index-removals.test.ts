// Messages are removed while the index is late, wrong or gone: only what is old goes, all of it, and reads know nothing of it afterwards.
import assert from 'node:assert/strict';
import { closeSync, copyFileSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { oncebox } from '../cli/oncebox.ts';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { execute, query } from '../support/database.ts';
import { Scene } from './index-scene.ts';
import type { Prepared } from './index-scene.ts';
import { mutant } from './mutant.ts';
import {
  BETWEEN,
  MESSAGES,
  OLD,
  OLD_EVERY,
  RETAINED,
  YOUNG,
  countOf,
  forgetOld,
  prepareOldAndYoung,
  removed,
} from './removal-scene.ts';
import { Disk, buildShim } from './shim.ts';
import { assertStored } from './verify.ts';

const PAGE_BYTES = 4_096;

const suite: Cleaner = { after };
const built = buildShim(suite);
const directory = temporaryDirectory(suite);
let prepared: Prepared;
before(async () => {
  prepared = await prepareOldAndYoung(suite, directory);
});

/** What is posted meanwhile is young, too. */
async function post(scene: Scene): Promise<void> {
  const [one] = await scene.post(4, { ts: YOUNG });
  assert.ok(one);
  await scene.read(one);
}

describe('retention', { concurrency: 2 }, () => {
  it('by an index that takes young messages for old ones: none of them is removed', async (t) => {
    const scene = new Scene(t, prepared);
    execute(
      scene.index,
      `UPDATE entries SET ts_seconds = 100000 + seq WHERE list IN (SELECT list FROM lists WHERE kind = 1) AND seq % ${OLD_EVERY} = 3`,
    );
    await scene.start({ env: RETAINED });
    const young = new Map([...scene.stored].filter(([, { ts }]) => ts !== OLD));
    await eventually(
      'the end of what is old',
      () => countOf(scene, 'tombstones') >= MESSAGES / OLD_EVERY || undefined,
    );
    await scene.service.output.line('the end of the run', ({ event }) => event === 'pruned');
    assert.equal(countOf(scene, 'messages'), young.size);
    await scene.service.stop();
    assertStored(join(scene.directory, 'app.db'), young);
  });

  it('while the index is deleted: it goes on when there is one again', async (t) => {
    const scene = new Scene(t, prepared);
    await scene.start({ env: RETAINED });
    await eventually('a removal', () => countOf(scene, 'tombstones') > 0 || undefined);
    for (const suffix of ['', '-wal', '-shm']) rmSync(scene.index + suffix, { force: true });
    await removed(scene);
    await scene.healed();
    await scene.end();
  });

  it('as the index is deleted before it is opened: an empty one is not taken for the end', async (t) => {
    const open = 'run.database ??= openReader(this.#options.path);';
    const first = `if (!globalThis.deleted) process.getBuiltinModule('node:fs').rmSync(this.#options.path + '-index');
      globalThis.deleted = true;`;
    const main = mutant(t, 'storage/sqlite/write/retention.ts', open, `${first} ${open}`);
    const scene = new Scene(t, prepared);
    await scene.start({ main, env: RETAINED });
    await removed(scene);
    await scene.healed();
    await scene.end();
  });

  for (const [what, file, line] of [
    [
      'its index cannot be read',
      'retention.ts',
      'run.database ??= openReader(this.#options.path);',
    ],
    ['the free pages cannot be counted', 'writer.ts', 'return pagesOf(this.#database);'],
  ] as const) {
    it(`says why where ${what}, and the service goes on`, async (t) => {
      const fail = `throw Object.assign(new Error('disk I/O error'), { errcode: 10 });`;
      const main = mutant(t, `storage/sqlite/write/${file}`, line, fail);
      const scene = new Scene(t, prepared);
      await scene.start({ main, env: RETAINED });
      const end = await scene.service.output.line('the end', ({ event }) => event === 'pruned');
      assert.equal(end.reason, 'disk');
      await scene.post(4, { ts: YOUNG });
    });
  }

  it('without an index at the start', async (t) => {
    const scene = new Scene(t, prepared);
    rmSync(scene.index);
    await scene.start({ env: RETAINED });
    await removed(scene);
    await scene.healed();
    await scene.end();
  });

  it('while the index cannot be written: reads are right, and the records stay until it has followed', async (t) => {
    if ('reason' in built) return t.skip(built.reason);
    const disk = new Disk(t, built.library, temporaryDirectory(t));
    const scene = new Scene(t, prepared, disk.directory);
    disk.fail({ operations: ['write'], files: ['index', 'indexWal'], error: 'EIO' });
    await scene.start({ env: { ...RETAINED, ...disk.env({ trace: false }) } });
    await removed(scene);
    for (let turn = 0; turn < 3; turn += 1) await post(scene);
    assert.equal(countOf(scene, 'removals'), MESSAGES / OLD_EVERY);
    await scene.stop('SIGKILL');
    await scene.start({ env: { ...RETAINED, ...disk.env({ trace: false }) } });
    for (let turn = 0; turn < 3; turn += 1) await post(scene);
    assert.equal(countOf(scene, 'removals'), MESSAGES / OLD_EVERY);
    disk.heal();
    await eventually('the records to go', () => countOf(scene, 'removals') === 0 || undefined);
    await post(scene);
    await scene.stop();
    await scene.assertSound();
  });
});

const prune = (t: Cleaner, scene: Scene) =>
  oncebox(t, ['prune', '-d', join(scene.directory, 'app.db'), '--before', BETWEEN]);

/** Overwrites the first page of a table. */
function overwrite(index: string, table: string): void {
  const [row] = query(index, `SELECT rootpage FROM sqlite_schema WHERE name = '${table}'`);
  const file = openSync(index, 'r+');
  try {
    const at = (Number(row?.['rootpage']) - 1) * PAGE_BYTES;
    writeSync(file, Buffer.alloc(PAGE_BYTES, 0xa5), 0, PAGE_BYTES, at);
  } finally {
    closeSync(file);
  }
}

describe('oncebox prune', { concurrency: 2 }, () => {
  it('and the index from before it: what is missed is not taken for followed', async (t) => {
    const scene = new Scene(t, prepared);
    assert.equal((await prune(t, scene)).code, 0);
    forgetOld(scene);
    copyFileSync(join(prepared.directory, 'app.db-index'), scene.index);
    await scene.start();
    await post(scene);
    await scene.healed();
    await scene.end();
  });

  it('and an index of another database that is further: no record is taken for followed', async (t) => {
    const renew = '    deleteIndex(this.#path);\n';
    const wait = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_000);';
    const main = mutant(t, 'storage/sqlite/index/indexer.ts', renew, `    ${wait}\n${renew}`);
    const scene = new Scene(t, prepared);
    execute(scene.index, "UPDATE state SET epoch = 'another', removals = 1000000");
    await scene.start({ main });
    await post(scene);
    await scene.healed();
    const [row] = query(
      join(scene.directory, 'app.db'),
      "SELECT value FROM counters WHERE name = 'removals_purged'",
    );
    assert.equal(row?.['value'], 0);
    assert.equal((await prune(t, scene)).code, 0);
    forgetOld(scene);
    await scene.healed();
    await scene.end();
  });

  const INDEXES: Readonly<Record<string, (index: string) => void>> = {
    "another database's": (index) => execute(index, "UPDATE state SET epoch = 'another'"),
    'damaged in its middle': (index) => overwrite(index, 'entries'),
    'without its state': (index) => execute(index, 'DELETE FROM state'),
  };
  for (const [name, damage] of Object.entries(INDEXES)) {
    it(`with an index that is ${name}: it removes, and so do export and stats go on`, async (t) => {
      const scene = new Scene(t, prepared);
      const path = join(scene.directory, 'app.db');
      damage(scene.index);
      const exported = await oncebox(t, ['export', '-d', path]);
      assert.equal(exported.code, 0, exported.stderr);
      assert.equal(exported.stdout.split('\n').length - 1, MESSAGES);
      const stats = await oncebox(t, ['stats', '-d', path, '--json']);
      assert.equal(stats.code, 0, stats.stderr);
      const { code, stderr } = await prune(t, scene);
      assert.equal(code, 0, stderr);
      forgetOld(scene);
      await scene.start();
      await post(scene);
      await scene.healed();
      await scene.end();
    });
  }
});
