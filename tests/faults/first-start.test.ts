// The first start on a machine: the directories that it makes have to be there after the power has failed, as the messages in them have.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { temporaryDirectory } from '../support/cleanup.ts';
import { message } from '../support/message.ts';
import { startService } from '../support/service.ts';
import { buildShim, Disk } from './shim.ts';
import { FILES, readTrace } from './trace.ts';

it('each directory it makes is synced into the one above, and the files into theirs, before the first 200', async (t) => {
  const built = buildShim(t);
  if ('reason' in built) {
    t.skip(built.reason);
    return;
  }
  const directory = temporaryDirectory(t);
  const data = join(directory, 'made', 'data');
  const disk = new Disk(t, built.library, data);
  const env = { ...disk.env({ trace: true }), DATABASE_URL: `sqlite:///${data}/app.db` };
  const service = await startService(t, { directory, env });
  await service.store(message());
  await service.stop();

  const records = readTrace(disk.tracePath);
  const answered = records.findIndex(
    ({ kind, data: bytes }) => kind === 'answer' && bytes.includes('{"status":"ok"}'),
  );
  assert.notEqual(answered, -1);
  const before = records.slice(0, answered);
  const syncs = (of: number): number =>
    before.filter(({ kind, file, error }) => kind === 'syncEnd' && file === of && error === 0)
      .length;
  // `made` into the directory that was there, `data` into `made`.
  assert.equal(syncs(16), 2);
  // Not the index: a power cut may take it, it is built again.
  const created = before.findLastIndex(
    ({ kind, file }) => kind === 'create' && ['app.db', 'app.db-wal'].includes(FILES[file]),
  );
  const named = before.findLastIndex(({ kind, file }) => kind === 'syncEnd' && file === 8);
  assert.ok(created !== -1 && named > created, 'the names of the files are synced after the last');
});
