// Settings of a server that would break the promise: refused with their name, or overridden.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { eventually } from '../support/bounded.ts';
import { message } from '../support/message.ts';
import { postgresDatabase, postgresServer, queryOnce } from '../support/postgres.ts';
import { ServiceProcess } from '../support/service.ts';
import { assertSynchronous } from './asynchronous.ts';
import { endAll } from './outage.ts';
import { startReplica } from './replicas.ts';

/** A start that must fail, with one line of JSON that says why and holds no password. */
async function assertRefused(t: TestContext, url: string, reason: RegExp): Promise<void> {
  const service = new ServiceProcess(t, { env: { DATABASE_URL: url } });
  const { code } = await service.exit();
  assert.equal(code, 1);
  const line = JSON.parse(service.output.stderr) as Record<string, unknown>;
  assert.match(String(line['msg']), reason);
  assert.ok(!('stack' in line));
  assert.ok(!service.output.stderr.includes(new URL(url).password));
}

describe('a start is refused', () => {
  for (const name of ['fsync', 'full_page_writes'])
    it(`with ${name} = off`, async (t) => {
      const server = await postgresServer(t, { [name]: 'off' });
      await assertRefused(t, await postgresDatabase(t, server), new RegExp(`${name} = off`));
    });

  it('with another encoding than UTF8', async (t) => {
    const server = await postgresServer(t);
    const create = "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0";
    await queryOnce(server.url('postgres'), create);
    await assertRefused(t, server.url('latin'), /LATIN1.*UTF8/);
  });

  it('with a schema that is newer, which stays as it is', async (t) => {
    const url = await postgresDatabase(t);
    const first = await startReplica(t, url);
    await first.store(message());
    await first.stop();
    const [own] = await queryOnce(url, 'SELECT version FROM oncebox_schema');
    await queryOnce(url, 'UPDATE oncebox_schema SET version = 99');
    await assertRefused(t, url, /schema version 99/);
    assert.deepEqual(await queryOnce(url, 'SELECT version FROM oncebox_schema'), [{ version: 99 }]);
    await queryOnce(url, `UPDATE oncebox_schema SET version = ${String(own?.['version'])}`);
    assert.equal((await (await startReplica(t, url)).page()).total, 1);
  });

  it('with a table of another program, which stays as it is', async (t) => {
    const url = await postgresDatabase(t);
    await queryOnce(url, 'CREATE TABLE messages AS SELECT 1 AS theirs');
    await assertRefused(t, url, /another program/);
    assert.deepEqual(await queryOnce(url, 'SELECT * FROM messages'), [{ theirs: 1 }]);
  });
});

it('synchronous_commit = off is overridden, for a user and for a database', async (t) => {
  await assertSynchronous(t);
});

it('fsync that is turned off later is noticed by the next connection, and forgiven once it is on', async (t) => {
  const server = await postgresServer(t);
  const url = await postgresDatabase(t, server);
  const service = await startReplica(t, url);
  server.configure({ fsync: 'off' });
  await eventually('the setting', async () => {
    const [row] = await queryOnce(url, "SELECT current_setting('fsync') AS fsync");
    return row?.['fsync'] === 'off' || undefined;
  });
  await endAll(server.url('postgres'));
  assert.equal((await service.post(message())).status, 503);
  assert.equal((await service.get('/health/ready')).status, 503);
  server.configure({ fsync: 'on' });
  await eventually('a 200', async () =>
    (await service.post(message())).status === 200 ? true : undefined,
  );
});
