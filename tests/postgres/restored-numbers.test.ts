// docs/postgres.md: after a restore, the statement there has messages go on with numbers above those that consumers know.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { oncebox } from '../cli/oncebox.ts';
import { Follower } from '../support/follower.ts';
import { blocksOf, page } from '../support/markdown.ts';
import { message } from '../support/message.ts';
import { postgresDatabase, queryOnce } from '../support/postgres.ts';
import { startService } from '../support/service.ts';

it('numbers go on after those that are skipped, and everything still agrees', async (t) => {
  const [statement] = blocksOf(page('docs/postgres.md')).filter(
    ({ language }) => language === 'sql',
  );
  const skipped = Number(/SELECT (\d+), 1, 0,/.exec(statement?.text ?? '')?.[1]);
  const url = await postgresDatabase(t);
  const env = { DATABASE_URL: url };
  const before = await startService(t, { env });
  await before.store(message({ message_id: 'in the backup' }));
  await before.stop();
  await queryOnce(url, statement?.text ?? '');
  const service = await startService(t, { env });
  const consumer = await new Follower(t, service.port, `?after=${skipped - 100}`).open();
  const newcomer = await new Follower(t, service.port, '?after=0').open();
  await service.store(message({ message_id: 'new' }));
  assert.deepEqual(await consumer.take(1), ['new']);
  assert.equal(consumer.events[0]?.id, skipped + 1);
  assert.deepEqual(await newcomer.take(2), ['in the backup', 'new']);
  assert.equal((await service.page()).total, 2);
  const { code, stdout } = await oncebox(t, ['check'], { env });
  assert.equal(code, 0, stdout);
});
