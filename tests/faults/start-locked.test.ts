// A start while another process holds the write lock: it waits and says so, and gives up in the end with a reason.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { holdWriteLock } from '../support/database.ts';
import { message } from '../support/message.ts';
import { refusal } from '../support/refusal.ts';
import { Service, startService } from '../support/service.ts';
import { mutant } from './mutant.ts';

/** Makes a database with one message in it, and lets another process lock it. */
async function lockedDatabase(
  t: TestContext,
): Promise<{ directory: string; release: () => Promise<void> }> {
  const service = await startService(t);
  await service.store(message());
  await service.stop();
  const { directory, databasePath } = service;
  return { directory, release: await holdWriteLock(t, databasePath) };
}

describe('a start while another process holds the write lock', () => {
  it('waits and says so, and goes on when the lock is free', async (t) => {
    const { directory, release } = await lockedDatabase(t);
    const service = new Service(t, { directory });
    const line = await service.output.line('that it waits', (seen) => seen.event !== undefined);
    assert.deepEqual([line.event, line.level], ['waiting_for_lock', 'WARNING']);
    await release();
    await service.listening();
    await service.store(message());
    assert.equal((await service.page()).total, 2);
    assert.equal((await service.stop()).code, 0);
  });

  it('for too long: it is refused with a reason', async (t) => {
    const { directory } = await lockedDatabase(t);
    const main = mutant(
      t,
      'storage/sqlite/write/writer-thread.ts',
      'const OPEN_LOCK_MS_MAX = 30_000;',
      'const OPEN_LOCK_MS_MAX = 3_000;',
    );
    const said = await refusal(t, 'DATABASE_URL', { directory, main });
    assert.match(said, /write lock for more than 3 s/);
  });
});
