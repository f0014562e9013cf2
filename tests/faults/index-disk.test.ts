// A disk that fails under the index alone: posts are accepted, reads are right, its log stays bounded, and it goes on once the disk is well.
import assert from 'node:assert/strict';
import { rmSync, statSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { Scene, prepare } from './index-scene.ts';
import type { Prepared } from './index-scene.ts';
import { Disk, buildShim } from './shim.ts';
import type { Fault } from './shim.ts';

const suite: Cleaner = { after };
const built = buildShim(suite);
const directory = temporaryDirectory(suite);
let prepared: Prepared;
before(async () => {
  if ('library' in built) prepared = await prepare(suite, directory);
});

const FILES = ['index', 'indexWal', 'indexJournal'] as const;

const FAULTS: Readonly<Record<string, Fault>> = {
  'no space for it (ENOSPC)': { operations: ['write'], files: FILES, error: 'ENOSPC' },
  'its log cannot be written (EIO)': { operations: ['write'], files: ['indexWal'], error: 'EIO' },
  'some writes of its log fail': {
    operations: ['write'],
    files: ['indexWal'],
    error: 'EIO',
    skip: 3,
    times: 4,
  },
  'its log cannot be copied into it (EIO)': {
    operations: ['write'],
    files: ['index'],
    error: 'EIO',
  },
  'its syncs fail': { operations: ['sync'], files: FILES, error: 'EIO' },
  'it cannot be read (EIO)': { operations: ['read'], files: FILES, error: 'EIO' },
  'all of it fails': {
    operations: ['read', 'write', 'sync', 'open', 'truncate'],
    files: FILES,
    error: 'EIO',
  },
};

/** A scene on a disk that can fail. */
function sceneOn(t: TestContext, library: string): { scene: Scene; disk: Disk } {
  const disk = new Disk(t, library, temporaryDirectory(t));
  return { scene: new Scene(t, prepared, disk.directory), disk };
}

describe('the index on a disk where', { concurrency: 2 }, () => {
  for (const [name, fault] of Object.entries(FAULTS)) {
    it(name, async (t) => {
      if ('reason' in built) return t.skip(built.reason);
      const { scene, disk } = sceneOn(t, built.library);
      await scene.start({ env: disk.env({ trace: false }) });
      await scene.live();
      disk.fail(fault);
      await eventually('the fault', async () => {
        await scene.live();
        return disk.hits >= (fault.times ?? 3) || undefined;
      });
      for (let turn = 0; turn < 3; turn += 1) await scene.live();
      disk.heal();
      await scene.healed();
      await scene.end();
    });
  }

  for (const operation of ['read', 'open'] as const) {
    it(`it cannot be ${operation}, from the start on`, async (t) => {
      if ('reason' in built) return t.skip(built.reason);
      const { scene, disk } = sceneOn(t, built.library);
      disk.fail({ operations: [operation], files: FILES, error: 'EIO' });
      await scene.start({ env: disk.env({ trace: false }) });
      for (let turn = 0; turn < 3; turn += 1) await scene.live();
      disk.heal();
      await scene.healed();
      await scene.end();
    });
  }

  it('its log cannot be copied into it: the log does not grow with every attempt', async (t) => {
    if ('reason' in built) return t.skip(built.reason);
    const { scene, disk } = sceneOn(t, built.library);
    await scene.start({ env: disk.env({ trace: false }) });
    disk.fail({ operations: ['write'], files: ['index'], error: 'EIO' });
    const bytes = (): number =>
      statSync(`${scene.index}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    await eventually('the fault', async () => {
      await scene.live();
      return disk.hits > 0 || undefined;
    });
    const first = bytes();
    const hits = disk.hits;
    await eventually('more attempts', async () => {
      await scene.live();
      return disk.hits >= hits + 3 || undefined;
    });
    assert.equal(bytes(), first);
    disk.heal();
    await scene.healed();
    await scene.end();
  });
});

/** The write at which it is killed, counted from when the fault begins; another file is built, or one that is there goes on. */
const KILLED_AT = [0, 2, 5, 12, 33, 88];

describe('a kill at a write of the index:', { concurrency: 2 }, () => {
  for (const [name, anew] of [
    ['it goes on', false],
    ['it is built', true],
  ] as const) {
    it(name, async (t) => {
      if ('reason' in built) return t.skip(built.reason);
      const { scene, disk } = sceneOn(t, built.library);
      const options = { env: disk.env({ trace: false }) };
      let killed = 0;
      for (const skip of KILLED_AT) {
        if (anew)
          for (const suffix of ['', '-wal', '-shm']) rmSync(scene.index + suffix, { force: true });
        const hits = disk.hits;
        disk.fail({
          operations: ['write', 'sync', 'truncate'],
          files: FILES,
          error: 'EIO',
          skip,
          kill: true,
        });
        // It may die before it listens.
        await scene.startUntilKilled(options, () => disk.hits > hits);
        killed += disk.hits - hits;
        disk.heal();
        await scene.start(options);
        await scene.live();
        await scene.healed();
        await scene.end();
      }
      assert.ok(killed >= KILLED_AT.length - 2, `killed ${killed} times`);
    });
  }
});
