// Faults of the disk, and what is done with it, for the scenes: a log that cannot start over, a disk that fills, one that is full.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TestContext } from 'node:test';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { message } from '../support/message.ts';
import type { Options, Service } from '../support/service.ts';
import type { Scene } from './stage.ts';

const MIB = 1_048_576;
/** A mount of its own that no one else sees, and that ends with the process. */
const UNSHARE = process.getuid?.() === 0 ? 'unshare --mount' : 'unshare --mount --map-root-user';

/** Starts the service on a disk of its own, kept in memory as far as something is written to it. */
function ownDisk(t: TestContext, mib: number): Options | { reason: string } {
  const directory = temporaryDirectory(t);
  const disk = join(directory, 'disk');
  mkdirSync(disk);
  const mount = `mount -t tmpfs -o size=${mib}m tmpfs "$DISK"`;
  const trial = spawnSync('sh', ['-c', `${UNSHARE} sh -c '${mount}'`], {
    env: { ...process.env, DISK: disk },
  });
  if (trial.status !== 0) return { reason: 'no file system can be mounted here' };
  const env = { DISK: disk, DATABASE_URL: `sqlite:///${disk}/app.db` };
  return { directory, env, shell: `exec ${UNSHARE} sh -c '${mount} && exec "$@"' sh "$@"` };
}

/** A path on the service's own disk, as seen from here. */
const onDisk = (service: Service, name: string): string =>
  `/proc/${service.pid}/root${service.directory}/disk/${name}`;

/** Makes the disk larger or smaller while the service works: what it holds stays, and the rest is room. */
function resize(service: Service, mib: number): void {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--preserve-credentials'];
  const into = ['--target', String(service.pid), '--mount', ...user];
  const mount = ['mount', '-o', `remount,size=${mib}m`, join(service.directory, 'disk')];
  const { status, stderr } = spawnSync('nsenter', [...into, ...mount], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

export const DISK_SCENES: readonly Scene[] = [
  {
    fault: 'a read that lasts keeps the write-ahead log from starting over, while much is written',
    fires: ['OnceboxWalGrows'],
    play: async ({ service, recording }) => {
      const reader = new DatabaseSync(service.databasePath, { readOnly: true });
      const writer = new DatabaseSync(service.databasePath, { timeout: 10_000 });
      try {
        reader.exec('BEGIN; SELECT count(*) FROM messages');
        writer.exec('PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = OFF');
        writer.exec('CREATE TABLE ballast (bytes BLOB)');
        for (let round = 0; round < 4; round += 1) {
          writer.exec(`INSERT INTO ballast VALUES (zeroblob(${80 * MIB}))`);
          await service.store(message());
          await recording.scrape(service);
          recording.hold(6);
        }
        reader.exec('COMMIT');
      } finally {
        reader.close();
        writer.close();
      }
    },
  },
  {
    fault: 'something else fills the disk little by little',
    fires: ['OnceboxDiskFills'],
    options: (t) => ownDisk(t, 1_200),
    play: async ({ service, recording }) => {
      for (let round = 0; round < 8; round += 1) {
        writeFileSync(onDisk(service, `ballast-${round}`), Buffer.alloc(8 * MIB));
        await recording.scrape(service);
        recording.hold(12);
      }
      for (let round = 0; round < 8; round += 1) rmSync(onDisk(service, `ballast-${round}`));
    },
  },
  {
    fault: 'something else has filled the disk but for little',
    fires: ['OnceboxDiskFills', 'OnceboxDiskLow'],
    options: (t) => ownDisk(t, 1_088),
    play: async ({ service, recording }) => {
      writeFileSync(onDisk(service, 'ballast'), Buffer.alloc(96 * MIB));
      await recording.scrape(service);
      recording.hold(80);
      rmSync(onDisk(service, 'ballast'));
    },
  },
  {
    fault: 'the disk is full',
    fires: [
      'OnceboxBatchesFail',
      'OnceboxDiskFills',
      'OnceboxDiskLow',
      'OnceboxNotReady',
      'OnceboxRefusesWebhooks',
    ],
    reason: 'disk',
    options: (t) => ownDisk(t, 1_088),
    play: async ({ service, recording }) => {
      resize(service, 2);
      const text = '😀'.repeat(4_096);
      for (let count = 0; count < 1_000; count += 1)
        if ((await service.post(message({ text }))).status === 503) break;
      assert.deepEqual((await service.post(message({ text }))).status, 503);
      await recording.scrape(service);
      recording.hold(80);
      resize(service, 1_088);
      // A post is tried each second.
      await eventually('a post to be accepted', async () =>
        (await service.post(message())).status === 200 ? true : undefined,
      );
    },
  },
];
