// Power loss at any moment: nothing that was acknowledged is missing from what the disk has promised to keep, and the index is right as far as it goes.
import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, it } from 'node:test';
import type { TestContext } from 'node:test';
import { oncebox } from '../cli/oncebox.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { execute, query } from '../support/database.ts';
import { startService } from '../support/service.ts';
import { prepare } from './index-scene.ts';
import { assertSyncedBeforeAnswer, cutPower, recordRun } from './power-cuts.ts';
import { Disk, buildShim } from './shim.ts';
import { FILES } from './trace.ts';
import type { FileNumber } from './trace.ts';
import { assertConsistent } from './verify.ts';

/** A service is started on what one in so many cuts leaves. */
const STARTED_EVERY = 75;

const built = buildShim({ after });

/** Starts the service on a copy: reads and `oncebox check` agree with the messages, at once. */
async function inspect(
  t: TestContext,
  path: string,
  acknowledged: ReadonlySet<string>,
): Promise<void> {
  const directory = temporaryDirectory(t);
  cpSync(dirname(path), directory, { recursive: true });
  const service = await startService(t, { directory });
  await assertConsistent(service, new Map());
  await service.stop();
  const rows = query(service.databasePath, 'SELECT message_id FROM messages');
  const ids = new Set(rows.map((row) => String(row['message_id'])));
  assert.deepEqual(
    [...acknowledged].filter((id) => !ids.has(id)),
    [],
  );
  const { code, stdout } = await oncebox(t, ['check', '--quick', '-d', service.databasePath]);
  assert.equal(code, 0, stdout);
}

it('the power is cut at many moments: every message acknowledged before is there', async (t) => {
  if ('reason' in built) return t.skip(built.reason);
  const disk = new Disk(t, built.library, temporaryDirectory(t));
  const records = await recordRun(t, disk, 120);
  const answers = assertSyncedBeforeAnswer(records);
  assert.ok(answers >= 240, `${answers} answers were recorded`);
  const figures = await cutPower(t, records, 150, {
    every: STARTED_EVERY,
    inspect: (path, acknowledged) => inspect(t, path, acknowledged),
  });
  assert.ok(figures.cuts > 100);
  assert.ok(figures.deliveries > 20, `${figures.deliveries} deliveries were recorded`);
  assert.ok(figures.indexed > 50, `${figures.indexed} cuts had an index`);
  t.diagnostic(JSON.stringify({ records: records.length, answers, ...figures }));
});

it('the power is cut while an index of another database is replaced and built', async (t) => {
  if ('reason' in built) return t.skip(built.reason);
  const disk = new Disk(t, built.library, temporaryDirectory(t));
  await prepare(t, disk.directory, 3_000);
  execute(join(disk.directory, FILES[32]), "UPDATE state SET epoch = 'another'");
  const held = new Map(
    ([1, 32] as const).map((file): [FileNumber, Buffer] => [
      file,
      readFileSync(join(disk.directory, FILES[file])),
    ]),
  );
  const records = await recordRun(t, disk, 60);
  assertSyncedBeforeAnswer(records);
  assert.ok(records.some(({ kind, file }) => kind === 'unlink' && file === 32));
  const figures = await cutPower(t, records, 150, {
    held,
    every: STARTED_EVERY,
    inspect: (path, acknowledged) => inspect(t, path, acknowledged),
  });
  assert.ok(figures.indexed > 0, 'no cut had an index');
  t.diagnostic(JSON.stringify({ records: records.length, ...figures }));
});
