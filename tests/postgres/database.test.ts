// The PostgreSQL that tests get: durable, a database of its own for each, and nothing left behind.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { postgresDatabase } from '../support/postgres.ts';
import { connectTo } from './client.ts';

describe('a database of PostgreSQL', () => {
  it('keeps what is committed, in UTF-8, and its user is an ordinary one', async (t) => {
    const client = await connectTo(t, await postgresDatabase(t));
    const settings = ['fsync', 'full_page_writes', 'synchronous_commit', 'server_encoding'];
    const { rows } = await client.query<Record<string, string>>(
      `SELECT ${[...settings, 'is_superuser'].map((name) => `current_setting('${name}') AS ${name}`).join()}`,
    );
    assert.deepEqual(rows[0], {
      fsync: 'on',
      full_page_writes: 'on',
      synchronous_commit: 'on',
      server_encoding: 'UTF8',
      is_superuser: 'off',
    });
  });

  it('is empty and apart from others', async (t) => {
    const [one, other] = [
      await connectTo(t, await postgresDatabase(t)),
      await connectTo(t, await postgresDatabase(t)),
    ];
    await one.query('CREATE TABLE seen (id int)');
    await assert.rejects(other.query('SELECT * FROM seen'), { code: '42P01' });
  });
});
