// The database is killed, restarted, read-only, out of connections, slow, stalled, cut off: 503 meanwhile, and nothing is lost.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/bounded.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { message } from '../support/message.ts';
import { OWNER, postgresDatabase, postgresServer, queryOnce } from '../support/postgres.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { Service } from '../support/service.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import type { TcpProxy } from '../support/tcp-proxy.ts';
import { assertCounted, assertKept, assertStreamed } from './kept.ts';
import { assertAway, assertBack, endAll, READS } from './outage.ts';
import { Provider } from './provider.ts';
import { startReplica, startReplicas } from './replicas.ts';
import { StreamReader } from './stream-reader.ts';

const MESSAGES = 200;
const CUTS = 30;

/** Two replicas under load, with a stream on each. */
interface Scene {
  readonly services: Service[];
  /** Waits for so many more messages to be accepted. */
  readonly more: () => Promise<void>;
  /** Ends the load, and checks all that it left. */
  readonly end: () => Promise<void>;
}

async function underLoad(t: Cleaner, url: string, direct = url): Promise<Scene> {
  const services = await startReplicas(t, url, 2);
  const ports = services.map(({ port }) => port);
  const readers = ports.map((port) => new StreamReader(t, () => port));
  const provider = new Provider({ ports: () => ports, prefix: 'outage' });
  return {
    services,
    more: async () => {
      const before = provider.acknowledged.size;
      await eventually(
        'messages',
        () => provider.acknowledged.size > before + MESSAGES || undefined,
      );
    },
    end: async () => {
      await provider.stop();
      const kept = await assertKept(
        direct,
        provider.acknowledged,
        // Posted by assertAway and assertBack.
        (id) => id === 'away',
      );
      for (const reader of readers) assertStreamed(await reader.take(kept.length), kept);
      for (const service of services) await assertCounted(service, kept);
      for (const service of services) {
        assert.deepEqual(await service.stop(), { code: 0, signal: null });
        assert.equal(service.output.stderr, '');
      }
    },
  };
}

async function ownDatabase(t: Cleaner): Promise<{ server: PostgresServer; url: string }> {
  const server = await postgresServer(t);
  return { server, url: await postgresDatabase(t, server) };
}

async function behindProxy(t: Cleaner): Promise<{ proxy: TcpProxy; url: string; direct: string }> {
  const direct = await postgresDatabase(t);
  const url = new URL(direct);
  const proxy = await startTcpProxy(t, Number(url.port));
  url.port = String(proxy.port);
  return { proxy, url: url.href, direct };
}

describe('a database that', { concurrency: 2 }, () => {
  it('is killed twice and then restarted under load: replicas recover by themselves', async (t) => {
    const { server, url } = await ownDatabase(t);
    const { services, more, end } = await underLoad(t, url);
    for (const how of ['kill', 'kill', 'stop'] as const) {
      await more();
      await server[how]();
      for (const service of services) await assertAway(service);
      await server.start();
      for (const service of services) await assertBack(service);
    }
    await more();
    await end();
  });

  it('is not there yet at the start: replicas wait for it', async (t) => {
    const { server, url } = await ownDatabase(t);
    await server.stop();
    const service = new Service(t, { env: { DATABASE_URL: url } });
    await service.output.line('that it waits', ({ event }) => event === 'waiting_for_database');
    await server.start();
    await service.listening();
    await assertBack(service);
  });

  it('is read-only for a while: nothing is stored, also over connections from before', async (t) => {
    const { server, url } = await ownDatabase(t);
    const service = await startReplica(t, url);
    await service.store(message());
    for (const ended of [false, true]) {
      server.configure({ default_transaction_read_only: 'on' });
      await eventually('a post to be refused', async () =>
        (await service.post(message({ message_id: 'late' }))).status === 503 ? true : undefined,
      );
      await eventually('not to be ready', async () =>
        (await service.get('/health/ready')).status === 503 ? true : undefined,
      );
      if (ended) await endAll(server.url('postgres'));
      assert.equal((await service.post(message())).status, 503);
      for (const path of READS) assert.equal((await service.get(path)).status, 503, path);
      assert.equal((await service.get('/health/live')).status, 200);
      server.configure({ default_transaction_read_only: 'off' });
      await assertBack(service);
    }
    const line = await service.output.line('a reason', ({ status }) => status === 503);
    assert.equal(line.reason, 'database');
  });

  it('has no connection to spare: 503 until it has', async (t) => {
    const { server, url } = await ownDatabase(t);
    const { services, more, end } = await underLoad(t, url);
    await more();
    await queryOnce(server.url('postgres'), `ALTER ROLE ${OWNER} CONNECTION LIMIT 0`);
    await endAll(server.url('postgres'));
    for (const service of services) await assertAway(service);
    // Fewer than two replicas open: whoever gets none says so, and nothing hangs.
    await queryOnce(server.url('postgres'), `ALTER ROLE ${OWNER} CONNECTION LIMIT 6`);
    for (const service of services)
      for (const path of READS) {
        const { status } = await service.get(path);
        assert.ok(status === 200 || status === 503, `status ${status} for ${path}`);
      }
    await queryOnce(server.url('postgres'), `ALTER ROLE ${OWNER} CONNECTION LIMIT -1`);
    for (const service of services) await assertBack(service);
    await more();
    await end();
  });

  it('is slow: everything is answered, late', async (t) => {
    const { proxy, url, direct } = await behindProxy(t);
    const { more, end } = await underLoad(t, url, direct);
    proxy.delayMs = 60;
    await more();
    await end();
  });

  it('stalls with open connections: 503 after a bounded wait, and it goes on when it flows', async (t) => {
    const { proxy, url, direct } = await behindProxy(t);
    const { services, more, end } = await underLoad(t, url, direct);
    await more();
    proxy.stall();
    await Promise.all(services.map((service) => assertAway(service)));
    proxy.flow();
    for (const service of services) await assertBack(service);
    await more();
    await end();
  });

  it('vanishes without a word: another host of the URL is used', async (t) => {
    const { proxy, direct } = await behindProxy(t);
    const url = new URL(direct);
    const hosts = `127.0.0.1:${proxy.port},127.0.0.1:${url.port}`;
    const service = await startReplica(t, direct.replace(url.host, hosts));
    await service.store(message());
    assert.ok(proxy.connections > 0);
    proxy.stall();
    await eventually('a post to be accepted', async () =>
      (await service.post(message({ message_id: 'away' }))).status === 200 ? true : undefined,
    );
    await assertBack(service);
  });

  it('is cut off at random bytes under load: nothing is lost or doubled', async (t) => {
    const { proxy, url, direct } = await behindProxy(t);
    const { more, end } = await underLoad(t, url, direct);
    for (let cut = 0; cut < CUTS; cut += 1) {
      const way = cut % 2 === 0 ? 'toServer' : 'toClient';
      proxy.cutAfter(1 + Math.floor(Math.random() * 8_000), way);
      await sleep(Math.random() * 200);
    }
    await more();
    await end();
  });
});
