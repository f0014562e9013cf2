// A PostgreSQL server of a test's own: killed and started again, of both versions, and gone when the tests are killed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { it } from 'node:test';
import { bounded, eventually } from '../support/bounded.ts';
import { endAfter } from '../support/cleanup.ts';
import { programFor } from '../support/debian.ts';
import { postgresDatabase, postgresServer, queryOnce } from '../support/postgres.ts';
import { connectTo } from './client.ts';

it('keeps what was committed when it is killed', async (t) => {
  const server = await postgresServer(t);
  const url = await postgresDatabase(t, server);
  const client = await connectTo(t, url);
  await client.query('CREATE TABLE kept AS SELECT 1 AS id');
  const broken = once(client, 'error');
  await server.kill();
  await bounded(broken, () => 'the end of the connection');
  await assert.rejects(queryOnce(url, 'SELECT 1'), { code: 'ECONNREFUSED' });
  await server.start();
  assert.deepEqual(await queryOnce(url, 'SELECT id FROM kept'), [{ id: 1 }]);
});

it('takes settings at a start, and some while it runs', async (t) => {
  const server = await postgresServer(t, { max_connections: 20 });
  const url = await postgresDatabase(t, server);
  const settings = `SELECT current_setting('max_connections') AS connections,
    current_setting('default_transaction_read_only') AS read_only`;
  assert.deepEqual(await queryOnce(url, settings), [{ connections: '20', read_only: 'off' }]);
  server.configure({ default_transaction_read_only: 'on' });
  await eventually('the setting', async () => {
    const [row] = await queryOnce(url, settings);
    return row?.['read_only'] === 'on' || undefined;
  });
});

for (const [version, found] of [
  ['15', /^PostgreSQL 15\./],
  ['18', /^PostgreSQL 18\./],
] as const)
  it(`runs as version ${version}`, async (t) => {
    if (version === '15' && !programFor(t, 'postgresql-15')) return;
    const url = await postgresDatabase(t, await postgresServer(t, {}, version));
    const [row] = await queryOnce(url, 'SELECT version()');
    assert.match(String(row?.['version']), found);
  });

const SUPPORT = new URL('../support/postgres-server.ts', import.meta.url).href;
/** Starts a server as a test does, and says what it leaves if nobody ends it. */
const TEST = `
  import { readFileSync } from 'node:fs';
  import { PostgresServer } from '${SUPPORT}';
  const server = await PostgresServer.create('18');
  await server.start();
  process.stdout.write(readFileSync(server.data + '/postmaster.pid', 'utf8').split('\\n')[0] + ' ' + server.data);
  setInterval(() => undefined, 1000);
`;

it('ends when the tests that started it get SIGKILL, and leaves no file', async (t) => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', TEST], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  endAfter(t, child);
  const [said] = (await bounded(once(child.stdout, 'data'), () => 'the server')) as [Buffer];
  const [pid = '', data = ''] = String(said).split(' ');
  assert.ok(isThere(Number(pid)) && existsSync(data));
  child.kill('SIGKILL');
  await eventually('the end of the server', () => !isThere(Number(pid)) || undefined);
  await eventually('the end of its files', () => !existsSync(data) || undefined);
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
