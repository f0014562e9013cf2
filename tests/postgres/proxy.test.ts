// The TCP proxy between the service and PostgreSQL does to connections what it says, and nothing else.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/bounded.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { postgresDatabase, queryOnce } from '../support/postgres.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import type { TcpProxy } from '../support/tcp-proxy.ts';
import { connectTo } from './client.ts';

interface Behind {
  proxy: TcpProxy;
  /** The database through the proxy, and past it. */
  url: string;
  direct: string;
}

async function behindProxy(t: Cleaner): Promise<Behind> {
  const direct = await postgresDatabase(t);
  const url = new URL(direct);
  const proxy = await startTcpProxy(t, Number(url.port));
  url.port = String(proxy.port);
  return { proxy, url: url.href, direct };
}

describe('a proxy', () => {
  it('passes everything on, both ways', async (t) => {
    const { proxy, url } = await behindProxy(t);
    const client = await connectTo(t, url);
    const { rows } = await client.query<{ text: string }>("SELECT repeat('x', 1000000) AS text");
    assert.equal(rows[0]?.text.length, 1_000_000);
    assert.equal(proxy.connections, 1);
    assert.ok(proxy.passed.toClient > 1_000_000);
  });

  it('cuts what is open, and lets new connections pass', async (t) => {
    const { proxy, url } = await behindProxy(t);
    const client = await connectTo(t, url);
    const sleeping = client.query('SELECT pg_sleep(20)');
    proxy.cut();
    await assert.rejects(sleeping);
    assert.deepEqual(await queryOnce(url, 'SELECT 1 AS one'), [{ one: 1 }]);
  });

  it('cuts a single statement, which rejects, and nothing else', async (t) => {
    const { proxy, url, direct } = await behindProxy(t);
    const sleeping = assert.rejects(queryOnce(url, 'SELECT pg_sleep(20)'));
    const running = "SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(20)'";
    await eventually('the statement', async () => (await queryOnce(direct, running))[0]);
    proxy.cut();
    await sleeping;
  });

  it('refuses connections until it allows them', async (t) => {
    const { proxy, url } = await behindProxy(t);
    proxy.refuse();
    await assert.rejects(queryOnce(url, 'SELECT 1'));
    proxy.allow();
    assert.deepEqual(await queryOnce(url, 'SELECT 1 AS one'), [{ one: 1 }]);
  });

  it('holds everything back while it stalls, and loses nothing', async (t) => {
    const { proxy, url } = await behindProxy(t);
    const client = await connectTo(t, url);
    proxy.stall();
    const answer = client.query<{ one: number }>('SELECT 1 AS one').then(({ rows }) => rows);
    assert.equal(await Promise.race([answer, sleep(200, 'nothing')]), 'nothing');
    proxy.flow();
    assert.deepEqual(await answer, [{ one: 1 }]);
  });

  it('delays each piece', async (t) => {
    const { proxy, url } = await behindProxy(t);
    const client = await connectTo(t, url);
    proxy.delayMs = 100;
    const start = performance.now();
    await client.query('SELECT 1');
    // There and back; timers may be early by a millisecond.
    assert.ok(performance.now() - start >= 198);
  });

  it('leads new connections to another server', async (t) => {
    const { proxy, url } = await behindProxy(t);
    proxy.upstream = 1;
    await assert.rejects(queryOnce(url, 'SELECT 1'));
  });
});

describe('a cut after so many bytes', () => {
  it('loses the answer to a commit that the server has made', async (t) => {
    const { proxy, url, direct } = await behindProxy(t);
    await queryOnce(direct, 'CREATE TABLE written (id int)');
    const client = await connectTo(t, url);
    proxy.cutAfter(1, 'toClient');
    await assert.rejects(client.query('INSERT INTO written VALUES (1)'));
    assert.deepEqual(await queryOnce(direct, 'SELECT id FROM written'), [{ id: 1 }]);
  });

  it('keeps a statement from a server that has not had all of it', async (t) => {
    const { proxy, url, direct } = await behindProxy(t);
    await queryOnce(direct, 'CREATE TABLE written (id int)');
    const client = await connectTo(t, url);
    const before = proxy.passed.toServer;
    proxy.cutAfter(10, 'toServer');
    await assert.rejects(client.query('INSERT INTO written VALUES (1)'));
    assert.equal(proxy.passed.toServer, before + 10);
    assert.deepEqual(await queryOnce(direct, 'SELECT id FROM written'), []);
    // It happens once.
    await queryOnce(url, 'INSERT INTO written VALUES (2)');
  });
});
