// A disk of a test's own, so small that it is full soon: what the service does without room, and with room again.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from './cleanup.ts';
import { type Draft, message } from './message.ts';
import { type Environment, type Service, startService } from './service.ts';

// A mount of its own that no one else sees, and that ends with the process.
const UNSHARE = process.getuid?.() === 0 ? 'unshare --mount' : 'unshare --mount --map-root-user';
const MOUNT =
  'mount -t tmpfs -o size=4m tmpfs "$DISK" && head -c 2500000 /dev/zero >"$DISK/ballast"';

/** A text that does not fit where a short one may. */
export const LONG_TEXT = '😀'.repeat(4096);

/** Starts the service on a disk of 4 MB that is partly filled, or skips the test where no disk can be mounted. */
export async function startOnSmallDisk(
  t: TestContext,
  settings: Environment = {},
): Promise<Service | undefined> {
  const directory = temporaryDirectory(t);
  const disk = join(directory, 'disk');
  mkdirSync(disk);
  const trial = spawnSync('sh', ['-c', `${UNSHARE} sh -c '${MOUNT}'`], {
    env: { ...process.env, DISK: disk },
  });
  if (trial.status !== 0) {
    t.skip('no file system can be mounted here');
    return undefined;
  }
  const shell = `exec ${UNSHARE} sh -c '${MOUNT} && exec "$@"' sh "$@"`;
  const env = { ...settings, DISK: disk, DATABASE_URL: `sqlite:///${disk}/app.db` };
  return await startService(t, { directory, env, shell });
}

/** Posts long texts until one is refused. Returns the number of those that were acknowledged. `next`: the messages, in order. */
export async function fill(
  service: Service,
  next: (number: number) => Draft = () => message(),
): Promise<number> {
  for (let count = 0; count < 1000; count += 1) {
    const answer = await service.post({ ...next(count), text: LONG_TEXT });
    if (answer.status !== 200) {
      assert.deepEqual([answer.status, answer.text], [503, '{"detail":"storage unavailable"}']);
      assert.match(answer.headers['retry-after'] ?? '', /^[1-9][0-9]*$/);
      return count;
    }
  }
  throw new Error('the disk never filled up');
}

/** Removes what fills the disk beside the database. */
export function makeRoom({ pid, directory }: Service): void {
  rmSync(`/proc/${pid}/root${directory}/disk/ballast`);
}
