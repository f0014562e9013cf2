// A process that dies between a write and its sync: what the next one finds in the file is not on the disk yet, and must not be vouched for.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { startService } from '../support/service.ts';
import { Load, postAgain } from './load.ts';
import { assertSyncedBeforeAnswer, cutPower, PREFIX } from './power-cuts.ts';
import { buildShim, Disk } from './shim.ts';
import type { Fault } from './shim.ts';
import { readTrace } from './trace.ts';

const built = buildShim({ after });

const CASES: readonly (readonly [name: string, fault: Fault])[] = [
  [
    'killed as it was about to sync',
    { operations: ['sync'], files: ['wal'], error: 'EIO', skip: 9, kill: true },
  ],
  [
    'killed after a sync that failed, which the kernel will not try again',
    { operations: ['sync'], files: ['wal'], error: 'EIO', skip: 9 },
  ],
];

describe('the messages of a process that was', () => {
  for (const [name, fault] of CASES) {
    it(`${name}: sent again, they are acknowledged once they are durable`, async (t) => {
      if ('reason' in built) t.skip(built.reason);
      else await dieAndSendAgain(t, built.library, fault);
    });
  }
});

async function dieAndSendAgain(t: TestContext, library: string, fault: Fault): Promise<void> {
  const disk = new Disk(t, library, temporaryDirectory(t));
  const options = { directory: disk.directory, env: disk.env({ trace: true }) };
  const first = await startService(t, options);
  disk.fail(fault);
  const load = new Load({
    port: first.port,
    connections: 2,
    prefix: `${PREFIX}-0`,
    reads: false,
  });
  await eventually('the fault', () => disk.hits > 0 || undefined);
  if (fault.kill !== true) await eventually('a refusal', () => load.refused.size > 0 || undefined);
  await first.stop('SIGKILL');
  await load.ended();
  disk.heal();

  const second = await startService(t, options);
  const again = [...load.unanswered.values(), ...load.refused.values()];
  assert.ok(again.length > 0);
  for (const draft of again) assert.equal((await postAgain(second, draft)).status, 200);
  await second.stop('SIGKILL');
  const records = readTrace(disk.tracePath);
  assertSyncedBeforeAnswer(records);
  await cutPower(t, records, 100);
}
