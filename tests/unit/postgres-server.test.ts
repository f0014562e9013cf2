// Servers that would break the promise, and databases that are not ours: refused at the start, with the reason, and left as they are.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPostgresUrl } from '../../app/config/postgres-url.ts';
import { Refusal } from '../../app/model/refusal.ts';
import { PostgresStore } from '../../app/storage/postgres/store.ts';
import type { Store } from '../../app/storage/store.ts';
import { append, messages } from '../contract/engine.ts';
import { postgresDatabase, postgresServer, queryOnce } from '../support/postgres.ts';
import { silent } from './stores.ts';

const OPTIONS = { queueMessagesMax: 1_000, retentionDays: null, forwards: [], readerThreads: 2 };

async function openAt(url: string): Promise<Store> {
  return await PostgresStore.open(readPostgresUrl('DATABASE_URL', url), OPTIONS, silent);
}

async function assertRefused(url: string, reason: RegExp): Promise<void> {
  await assert.rejects(openAt(url), (error) => {
    assert.ok(error instanceof Refusal);
    assert.match(error.message, reason);
    assert.ok(!error.message.includes(new URL(url).password));
    return true;
  });
}

describe('a PostgreSQL server', () => {
  for (const setting of ['fsync', 'full_page_writes'])
    it(`is refused with ${setting} = off`, async (t) => {
      const server = await postgresServer(t, { [setting]: 'off' });
      await assertRefused(server.url('postgres'), new RegExp(`^${setting} = off`));
    });

  it('is refused at once where the user, the password or the database does not exist', async (t) => {
    const url = new URL(await postgresDatabase(t));
    const wrong = (part: 'username' | 'password' | 'pathname'): string => {
      const other = new URL(url);
      other[part] = 'nobody';
      return other.href;
    };
    await assertRefused(wrong('username'), /28P01/);
    await assertRefused(wrong('password'), /28P01/);
    await assertRefused(wrong('pathname'), /3D000/);
  });

  it('is used though its commits are asynchronous, as ours are not', async (t) => {
    const server = await postgresServer(t, { synchronous_commit: 'off', wal_writer_delay: '10s' });
    const url = server.url('postgres');
    const store = await openAt(url);
    const [one] = messages(1);
    assert.ok(one);
    await append(store, one);
    // What was not synced is lost now.
    await server.kill();
    await server.start();
    await store.close();
    const again = await openAt(url);
    t.after(() => again.close());
    assert.deepEqual(await append(again, one), ['duplicate']);
  });
});

describe('a PostgreSQL database', () => {
  it('is refused where it is in another encoding', async (t) => {
    const server = await postgresServer(t);
    await queryOnce(
      server.url('postgres'),
      "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'",
    );
    await assertRefused(server.url('latin'), /encoding .* LATIN1/);
  });

  it("is refused where it has another program's table of our name, or is newer", async (t) => {
    const url = await postgresDatabase(t);
    await queryOnce(url, 'CREATE TABLE messages (id int)');
    await assertRefused(url, /another program.* messages/);
    const tables = "SELECT count(*)::int AS count FROM pg_class WHERE relname = 'batches'";
    assert.deepEqual(await queryOnce(url, tables), [{ count: 0 }]);
    await queryOnce(url, 'DROP TABLE messages');
    await (await openAt(url)).close();
    await queryOnce(url, 'UPDATE oncebox_schema SET version = 1000');
    await assertRefused(url, /schema version 1000, and this program knows versions up to \d+/);
  });
});
