// Power loss at any moment: nothing that was acknowledged is missing from what the disk has promised to keep.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { temporaryDirectory } from '../support/cleanup.ts';
import { assertSyncedBeforeAnswer, cutPower, recordRun } from './power-cuts.ts';
import { buildShim, Disk } from './shim.ts';

it('the power is cut at many moments: every message acknowledged before is there', async (t) => {
  const built = buildShim(t);
  if ('reason' in built) {
    t.skip(built.reason);
    return;
  }
  const disk = new Disk(t, built.library, temporaryDirectory(t));
  const records = await recordRun(t, disk, 120);
  const answers = assertSyncedBeforeAnswer(records);
  assert.ok(answers >= 240, `${answers} answers were recorded`);
  const figures = cutPower(t, records, 150);
  assert.ok(figures.cuts > 100);
  t.diagnostic(JSON.stringify({ records: records.length, answers, ...figures }));
});
