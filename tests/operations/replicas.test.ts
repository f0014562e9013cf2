// Two replicas over PostgreSQL behind the proxies of deploy/: each reads what the other stored, and one is enough.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { eventually } from '../support/bounded.ts';
import { bytesOf, message, sign } from '../support/message.ts';
import { plainClient, postgresDatabase, postgresServer } from '../support/postgres.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { startService } from '../support/service.ts';
import type { Service } from '../support/service.ts';
import { startProxy } from './proxy.ts';
import type { Kind, Proxy } from './proxy.ts';

const FOLDER = fileURLToPath(new URL('../../deploy/postgres/', import.meta.url));

interface Compose {
  services: Record<string, { command?: string[] }>;
}

async function post(proxy: Proxy): Promise<number> {
  const body = bytesOf(message());
  const headers = { 'X-Signature': sign(body) };
  return (await proxy.send({ method: 'POST', path: '/webhook', headers, body })).status;
}

async function replicas(
  t: TestContext,
  kind: Kind,
): Promise<{ services: readonly [Service, Service]; proxy: Proxy } | undefined> {
  const env = { DATABASE_URL: await postgresDatabase(t) };
  const services = [await startService(t, { env }), await startService(t, { env })] as const;
  const ports = services.map(({ port }) => port);
  const proxy = await startProxy(t, kind, ports);
  return proxy === undefined ? undefined : { services, proxy };
}

async function storedBy(service: Service): Promise<number> {
  const { text } = await service.get('/metrics');
  return Number(/^webhook_requests_total\{result="created"\} (\d+)$/m.exec(text)?.[1]);
}

for (const kind of ['nginx', 'caddy'] as const satisfies Kind[])
  describe(`two replicas behind ${kind}`, () => {
    it('share the posts, and each reads what the other stored', async (t) => {
      const both = await replicas(t, kind);
      if (both === undefined) return;
      const { services, proxy } = both;
      for (let count = 0; count < 40; count += 1) assert.equal(await post(proxy), 200);
      const shares = await Promise.all(services.map(storedBy));
      assert.ok(
        shares.every((share) => share > 0),
        shares.join(),
      );
      for (const service of services) assert.equal((await service.page()).total, 40);
    });

    it('are one service when one is killed: soon all posts and pages get 200 from the other', async (t) => {
      const both = await replicas(t, kind);
      if (both === undefined) return;
      const { services, proxy } = both;
      await services[0].stop('SIGKILL');
      let stored = 0;
      let inRow = 0;
      await eventually('the proxy to leave out the one that is gone', async () => {
        const status = await post(proxy);
        assert.ok([200, 502].includes(status), `${status}`);
        stored += status === 200 ? 1 : 0;
        inRow = status === 200 ? inRow + 1 : 0;
        // So many would not all go to the other by chance.
        return inRow === 40 || undefined;
      });
      for (let count = 0; count < 20; count += 1) {
        assert.equal(await post(proxy), 200);
        assert.equal((await proxy.send({ path: '/messages?limit=1' })).status, 200);
      }
      assert.equal((await services[1].page()).total, stored + 20);
    });
  });

/** Runs roles.sql as psql does, which knows the lines that begin with a backslash and puts in the password. */
async function createRoles(server: PostgresServer, password: string): Promise<void> {
  const script = readFileSync(join(FOLDER, 'roles.sql'), 'utf8');
  assert.match(script, /^\\getenv password ONCEBOX_DB_PASSWORD$/m);
  const statements = script
    .replaceAll(/^(\\|--).*\n/gm, '')
    .replaceAll(":'password'", `'${password}'`)
    .split(';\n')
    .filter((statement) => statement.trim() !== '');
  const client = plainClient(server.url('postgres'));
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

describe('the PostgreSQL of deploy/postgres', () => {
  it('starts with its settings, and its role is enough for a service', async (t) => {
    const compose = parse(readFileSync(join(FOLDER, 'docker-compose.yml'), 'utf8')) as Compose;
    const { command = [] } = compose.services['postgres'] ?? {};
    const settings = command
      .filter((argument) => argument.includes('='))
      .map((argument) => argument.split('=') as [string, string]);
    assert.ok(settings.length > 3);
    // Memory is for the machine of an installation.
    const taken = Object.fromEntries(settings.filter(([name]) => name !== 'shared_buffers'));
    const server = await serverWithoutRole(t, taken);
    const password = 'of-this-test';
    await createRoles(server, password);
    const url = `postgres://oncebox:${password}@127.0.0.1:${server.port}/oncebox?sslmode=disable`;
    const service = await startService(t, { env: { DATABASE_URL: url } });
    await service.store(message({ text: 'roles are enough' }), message());
    assert.equal((await service.get('/health/ready')).status, 200);
    assert.match((await service.get('/messages?q=ENOUGH')).text, /"total":1,/);
    assert.doesNotMatch(server.log(), /FATAL|invalid value/);
  });
});

/** A server whose role `oncebox` is not there yet. */
async function serverWithoutRole(
  t: TestContext,
  settings: Record<string, string>,
): Promise<PostgresServer> {
  const server = await postgresServer(t, settings);
  const client = plainClient(server.url('postgres'));
  await client.connect();
  await client.query('DROP ROLE oncebox');
  await client.end();
  return server;
}
