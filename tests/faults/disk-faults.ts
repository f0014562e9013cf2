// A run on a disk that fails for a while: what was acknowledged then, before and after has to be durable.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { startService } from '../support/service.ts';
import type { Options, Service } from '../support/service.ts';
import { Load, postAgain } from './load.ts';
import { assertSyncedBeforeAnswer, cutPower, PREFIX } from './power-cuts.ts';
import { Disk } from './shim.ts';
import type { Fault } from './shim.ts';
import { readTrace } from './trace.ts';
import { assertConsistent, assertSound, assertStored } from './verify.ts';

/** The ways in which a disk fails that are tried. */
export const DISK_FAULTS: Readonly<Record<string, Fault>> = {
  'no space for the log (ENOSPC)': { operations: ['write'], files: ['wal'], error: 'ENOSPC' },
  'no quota left (EDQUOT)': { operations: ['write'], error: 'EDQUOT' },
  'writes fail (EIO)': { operations: ['write'], error: 'EIO' },
  'some writes fail': { operations: ['write'], files: ['wal'], error: 'EIO', skip: 7, times: 3 },
  'syncs of the log fail (EIO)': { operations: ['sync'], files: ['wal'], error: 'EIO' },
  'one sync fails': { operations: ['sync'], files: ['wal'], error: 'EIO', skip: 2, times: 1 },
  'some syncs fail': { operations: ['sync'], error: 'EIO', skip: 1, times: 4 },
  'syncs fail and the file cannot be opened again': { operations: ['sync', 'open'], error: 'EIO' },
  'all of it fails': { operations: ['write', 'sync', 'open', 'truncate'], error: 'EIO' },
};

/** How long the fault lasts after it was first met. */
const FAULT_MS = 300;

/** Rejects when a post was answered 200 that is not durable, or when the service does not recover by itself. */
export async function surviveFault(
  t: Cleaner,
  library: string,
  fault: Fault,
  options: Options = {},
): Promise<void> {
  const disk = new Disk(t, library, temporaryDirectory(t));
  const service = await startService(t, {
    ...options,
    directory: disk.directory,
    env: disk.env({ trace: true }),
  });
  const load = new Load({ port: service.port, connections: 2, prefix: `${PREFIX}-0` });
  await eventually('messages', () => load.acknowledged.size > 40 || undefined);
  disk.fail(fault);
  await eventually('the fault', () => disk.hits >= (fault.times ?? 5) || undefined);
  // Long enough for posts to meet it, too: what is filled behind the commits meets it as well.
  await sleep(FAULT_MS);
  assert.equal((await service.get('/health/live')).status, 200);
  disk.heal();
  await recovered(service);
  await load.stop();
  for (const status of load.statuses.keys())
    assert.ok(status === 200 || status === 503, `status ${status}`);

  // The provider sends again what was refused; what is answered 200 now has to be durable now.
  for (const [id, draft] of load.refused) {
    const answer = await postAgain(service, draft);
    assert.equal(answer.status, 200, answer.text);
    load.acknowledged.set(id, draft);
  }
  // What is lost is said to be, before a search does not find it.
  assertStored(service.databasePath, load.acknowledged);
  await assertConsistent(service, load.acknowledged);
  // A killed process writes nothing more: what is durable is what was durable before.
  await service.stop('SIGKILL');
  assertStored(service.databasePath, load.acknowledged);
  assertSound(service.databasePath);
  const records = readTrace(disk.tracePath);
  assertSyncedBeforeAnswer(records);
  await cutPower(t, records, 40);
}

/** Ready says that writing works again, and then it does. */
async function recovered(service: Service): Promise<void> {
  await eventually('ready', async () => {
    const { status } = await service.get('/health/ready');
    assert.ok(status === 200 || status === 503);
    return status === 200 || undefined;
  });
}
