// What a connection carries, one request after the other, and how it ends: answers in order, one each, and none lost to a reset.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { mutant } from './faults/mutant.ts';
import { bounded, eventually } from './support/bounded.ts';
import { parseExposition, valueOf } from './support/exposition.ts';
import { bytesOf, message, sign, uniqueNumber } from './support/message.ts';
import { startService } from './support/service.ts';
import { head, openWire, readAnswer, webhookBytes } from './support/wire.ts';

const service = await startService({ after });

function signed(from?: string): Buffer {
  const body = bytesOf(message(from === undefined ? {} : { from }));
  return webhookBytes(body, [sign(body)]);
}

describe('a connection', () => {
  it('may carry webhooks and anything else, one after the other', async (t) => {
    const wire = await openWire(t, service.port);
    const requests = [signed(), signed(), head('GET', '/stats'), signed(), head('GET', '/nowhere')];
    const statuses: number[] = [];
    for (const request of requests) {
      wire.write(request);
      statuses.push((await wire.reply()).status);
    }
    assert.deepEqual(statuses, [200, 200, 200, 200, 404]);
  });

  it('may carry the next requests before the first is answered: they are answered in order', async (t) => {
    const wire = await openWire(t, service.port);
    const from = uniqueNumber();
    const others = [head('GET', '/nowhere'), signed(from), head('DELETE', '/stats'), signed(from)];
    wire.write(signed(from));
    for (const request of others) {
      await new Promise((resolve) => setImmediate(resolve));
      wire.write(request);
    }
    const statuses: number[] = [];
    for (let count = 0; count <= others.length; count += 1)
      statuses.push((await wire.reply()).status);
    assert.deepEqual(statuses, [200, 404, 200, 405, 200]);
    assert.equal((await service.page(`?from=${from}`)).total, 3);
  });

  it('whose client ends its half after the request is answered, and closed', async (t) => {
    const wire = await openWire(t, service.port);
    wire.write(signed());
    wire.end();
    assert.equal((await wire.reply()).status, 200);
    await wire.close();
  });

  it('whose client ends its half within a body that is too long is answered, and closed', async (t) => {
    const wire = await openWire(t, service.port);
    wire.write(head('POST', '/webhook', [['Content-Length', '10485760']]));
    wire.write(Buffer.alloc(1_000));
    wire.end();
    assert.equal((await wire.reply()).status, 413);
    await wire.close();
    assert.equal(await wire.answer(), undefined);
  });

  it('that is broken off before the answer has its message stored, counted and logged', async (t) => {
    const created = async (): Promise<number> =>
      valueOf(parseExposition((await service.get('/metrics')).text), 'webhook_requests_total', {
        result: 'created',
      });
    const before = await created();
    const from = uniqueNumber();
    const body = bytesOf(message({ from }));
    const wire = await openWire(t, service.port);
    wire.write(webhookBytes(body, [sign(body)], [['X-Request-ID', `gone-${from.slice(1)}`]]));
    wire.destroy();
    const line = await service.output.line(
      'the line of the request',
      ({ request_id }) => request_id === `gone-${from.slice(1)}`,
    );
    assert.ok(line.status === 200 || line.status === 499, String(line.status));
    await eventually(
      'the message',
      async () => (await service.page(`?from=${from}`)).total === 1 || undefined,
    );
    // The line may come before the commit, and has no result then; the count comes after it.
    await eventually('the count', async () => (await created()) === before + 1 || undefined);
  });

  it('goes on behind a body that was answered before it came', async (t) => {
    const wire = await openWire(t, service.port);
    wire.write(head('POST', '/nowhere', [['Content-Length', '300000']]));
    const first = await wire.reply();
    assert.deepEqual([first.status, first.headers['connection']], [404, 'keep-alive']);
    wire.write(Buffer.alloc(300_000));
    wire.write(signed());
    assert.equal((await wire.reply()).status, 200);
  });
});

describe('a client that sends all of its body before it reads', () => {
  const BODY_BYTES = 3 * 1_048_576;

  /** Sends the bytes as a slow client does, piece by piece; rejects when the connection is cut under it. Resolves to what came back. */
  async function sendSlowly(t: TestContext, first: Buffer, body: Buffer): Promise<Buffer> {
    const socket = connect({ host: '127.0.0.1', port: service.port });
    t.after(() => socket.destroy());
    const cut = new Promise<never>((_, reject) => {
      socket.once('error', reject);
    });
    socket.pause();
    const write = (bytes: Buffer): Promise<void> =>
      Promise.race([cut, new Promise<void>((resolve) => socket.write(bytes, () => resolve()))]);
    await write(first);
    for (let at = 0; at < body.length; at += 262_144) {
      await delay(5);
      await write(body.subarray(at, at + 262_144));
    }
    const received: Buffer[] = [];
    const end = new Promise((resolve) => {
      socket.once('end', resolve);
    });
    socket.on('data', (chunk: Buffer) => received.push(chunk)).resume();
    await bounded(Promise.race([cut, end]), () => 'the end of the connection');
    return Buffer.concat(received);
  }

  const cases: [string, string, string, number][] = [
    ['too long', '/webhook', 'keep-alive', 413],
    ['too long, and the connection is to end', '/webhook', 'close', 413],
    ['for no route, and the connection is to end', '/nowhere', 'close', 404],
    ['for another method, and the connection is to end', '/messages', 'close', 405],
  ];
  for (const [name, path, connection, status] of cases) {
    it(`gets to read its answer: ${name}`, async (t) => {
      const first = head('POST', path, [
        ['Content-Length', String(BODY_BYTES)],
        ['Connection', connection],
      ]);
      const received = await sendSlowly(t, first, Buffer.alloc(BODY_BYTES, 0x20));
      const found = readAnswer(received, 'POST', true);
      assert.equal(found?.answer.status, status);
      assert.equal(found.answer.headers['connection'], 'close');
      assert.equal(found.length, received.length, 'there is one answer');
    });
  }
});

describe('a failure of ours', () => {
  it('is answered 500, and the service goes on', async (t) => {
    const main = mutant(
      t,
      'ingest/json.ts',
      `if (!isUtf8(bytes)) return { reason: 'body is not valid UTF-8', position: 0 };`,
      `if (!isUtf8(bytes)) throw new Error('not UTF-8');`,
    );
    const failing = await startService(t, { main });
    const body = Buffer.from([0xff]);
    const wire = await openWire(t, failing.port);
    for (let count = 0; count < 2; count += 1) {
      wire.write(webhookBytes(body, [sign(body)]));
      assert.equal((await wire.reply()).status, 500);
    }
    assert.equal((await failing.get('/health/live')).status, 200);
    const events = await failing.output.atLeast(
      2,
      'the lines of both',
      ({ event }) => event === 'request_failed',
    );
    assert.equal(events.length, 2);
  });
});
