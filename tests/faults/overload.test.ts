// More than the service can take: memory stays bounded, what is accepted is stored, the rest is refused or cut off, and it recovers at once.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { parseExposition, valueOf } from '../support/exposition.ts';
import { message } from '../support/message.ts';
import { startService } from '../support/service.ts';
import type { Service } from '../support/service.ts';
import { head, openWire } from '../support/wire.ts';
import { Crowd } from './crowd.ts';
import { Load } from './load.ts';
import { buildShim, Disk } from './shim.ts';
import { assertConsistent, assertStored } from './verify.ts';

const built = buildShim({ after });

/** What the process may grow by: the bound on bodies under way, and room for the rest. */
const GROWTH_BYTES_MAX = 400 * 1_048_576;

/** The memory that the process holds now, in bytes; NaN where the system does not tell. */
function residentBytes(service: Service): number {
  if (process.platform !== 'linux') return Number.NaN;
  const status = readFileSync(`/proc/${service.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s*([0-9]+) kB/m.exec(status)?.[1]) * 1_024;
}

function assertBounded(service: Service, before: number): void {
  const now = residentBytes(service);
  assert.ok(!(now - before > GROWTH_BYTES_MAX), `${now - before} bytes more than before`);
}

/** Opens connections that send `bytes` each and then say nothing more. Returns those that were taken. */
async function openMany(
  t: TestContext,
  service: Service,
  count: number,
  bytes: Buffer,
): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => {
    const socket = connect({ host: '127.0.0.1', port: service.port });
    socket.on('error', () => undefined);
    socket.resume();
    return socket;
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.once('connect', () => socket.write(bytes, () => resolve()));
          socket.once('close', () => resolve());
        }),
    ),
  );
  return sockets;
}

async function assertWell(service: Service): Promise<void> {
  assert.equal((await service.get('/health/live')).status, 200);
  await service.store(message());
  assert.equal((await service.get('/health/ready')).status, 200);
}

describe('overload', () => {
  it('of posts: 200 or 503, and every 200 is stored', async (t) => {
    const service = await startService(t, { env: { QUEUE_MESSAGES_MAX: '64' } });
    const before = residentBytes(service);
    const load = new Load({ port: service.port, connections: 200, prefix: 'many' });
    await eventually('refusals', () => load.refused.size > 200 || undefined);
    await eventually('acknowledgements', () => load.acknowledged.size > 500 || undefined);
    assertBounded(service, before);
    await load.stop();
    for (const status of load.statuses.keys())
      assert.ok(status === 200 || status === 503, `status ${status}`);
    await assertWell(service);
    await assertConsistent(service, load.acknowledged);
    assertStored(service.databasePath, load.acknowledged);
  });

  it('of a slow disk: what would wait long is refused, long before the queue is full', async (t) => {
    if ('reason' in built) {
      t.skip(built.reason);
      return;
    }
    const disk = new Disk(t, built.library, temporaryDirectory(t));
    const env = { ...disk.env({ trace: false }), QUEUE_MESSAGES_MAX: '100000' };
    const service = await startService(t, { directory: disk.directory, env });
    disk.slowDown(400);
    // Never more than 4,000 at once: what is refused is refused for its time.
    const load = new Load({ port: service.port, connections: 500, prefix: 'slow', reads: false });
    await eventually('refusals', () => load.refused.size > 500 || undefined);
    await load.stop();
    assert.ok(load.acknowledged.size >= 512);
    disk.slowDown(0);
    await assertWell(service);
    await assertConsistent(service, load.acknowledged);
    assertStored(service.databasePath, load.acknowledged);
  });

  it('of senders that stall in the middle of a long body', async (t) => {
    const service = await startService(t);
    const before = residentBytes(service);
    const half = Buffer.alloc(900_000, 0x20);
    const headers = [
      ['Content-Length', '1000000'],
      ['X-Signature', '0'.repeat(64)],
    ] as const;
    // Together they would hold 270 MB, which is more than twice the bound.
    const bytes = Buffer.concat([head('POST', '/webhook', headers), half]);
    await openMany(t, service, 300, bytes);
    const refusals = await service.output.atLeast(20, 'refusals', (line) => line.status === 503);
    for (const { reason } of refusals) assert.equal(reason, 'too_many_bodies');
    assertBounded(service, before);
    await assertWell(service);
  });

  it('of connections: those over the bound are closed, and the first ones are served', async (t) => {
    const service = await startService(t, { env: { CONNECTIONS_MAX: '50' } });
    const before = residentBytes(service);
    const sockets = await openMany(t, service, 400, Buffer.from('GET /health/l'));
    await eventually('the others to be closed', () => {
      const open = sockets.filter((socket) => !socket.closed).length;
      return open <= 50 || undefined;
    });
    for (const socket of sockets) socket.destroy();
    await eventually('a free place', () => service.get('/health/live').catch(() => undefined));
    await assertWell(service);
    const families = parseExposition((await service.get('/metrics')).text);
    assert.ok(valueOf(families, 'oncebox_connections_refused_total') >= 350);
    assertBounded(service, before);
  });

  it('of a chunked body without end: it is refused, and then cut off', async (t) => {
    const service = await startService(t);
    const before = residentBytes(service);
    const start = head('POST', '/webhook', [['Transfer-Encoding', 'chunked']]);
    const [socket] = await openMany(t, service, 1, start);
    assert.ok(socket);
    const chunk = Buffer.from(`10000\r\n${'x'.repeat(65_536)}\r\n`);
    for (let sent = 0; sent < 64 && !socket.destroyed; sent += 1)
      await new Promise<void>((resolve) => socket.write(chunk, () => resolve()));
    await service.output.line('its refusal', (line) => line.status === 413);
    while (!socket.destroyed)
      await new Promise<void>((resolve) => socket.write(chunk, () => resolve()));
    assertBounded(service, before);
    await assertWell(service);
  });

  it('of headers without end, and of many that are too long', async (t) => {
    const service = await startService(t);
    const before = residentBytes(service);
    const long = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(1_000_000)}`);
    await openMany(t, service, 100, long);
    await service.output.atLeast(50, 'refusals', (line) => line.event === 'protocol_error');
    assertBounded(service, before);
    await assertWell(service);
  });

  it('of callers who send one byte a second, break off, or never read: the first are cut off, and none is in the way', async (t) => {
    const service = await startService(t);
    const before = residentBytes(service);
    const crowd = new Crowd(service.port);
    t.after(() => crowd.stop());
    crowd.start();
    const load = new Load({ port: service.port, connections: 8, prefix: 'among' });
    // The headers that dribble are over their time after 10 s.
    await service.output.atLeast(
      100,
      'the end of those who dribble',
      (line) => line.event === 'protocol_error' && line.status === 408,
    );
    await eventually('messages', () => load.acknowledged.size > 500 || undefined);
    await load.stop();
    assertBounded(service, before);
    crowd.stop();
    await assertWell(service);
    await assertConsistent(service, load.acknowledged);
    assertStored(service.databasePath, load.acknowledged);
  });

  it('of one connection with thousands of requests behind each other, whose half is ended: each is answered', async (t) => {
    const service = await startService(t);
    const wire = await openWire(t, service.port);
    const requests = Array.from({ length: 5_000 }, () => head('GET', '/health/live'));
    wire.write(Buffer.concat(requests));
    wire.end();
    for (const _ of requests) assert.equal((await wire.reply()).status, 200);
    await wire.close();
  });
});
