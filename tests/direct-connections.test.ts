// Connections that carry plain webhooks: nobody can tell by the answers that they are served on a way of their own.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { mutant } from './faults/mutant.ts';
import { bytesOf, message, sign, uniqueNumber } from './support/message.ts';
import { startService } from './support/service.ts';
import { type WireAnswer, head, openWire, webhookBytes } from './support/wire.ts';

const service = await startService({ after });

/** An answer without what differs from one answer to the next. */
function comparable({ status, headers, body }: WireAnswer): unknown {
  const { date, 'x-request-id': id, ...rest } = headers;
  assert.match(date ?? '', /^[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT$/);
  assert.ok(id);
  return { status, headers: rest, body: body.toString() };
}

describe('a webhook that arrives whole and one that arrives in two parts', () => {
  const valid = bytesOf(message({ text: 'zwölf 😀' }));
  const cases: [string, number, Buffer][] = [
    ['stored', 200, webhookBytes(valid, [sign(valid)])],
    ['badly signed', 401, webhookBytes(valid, ['0'.repeat(64)])],
    ['not signed', 401, webhookBytes(valid, [])],
    ...(['[]', '{"message_id":"ü"}', 'not json'] as const).map((text): [string, number, Buffer] => {
      const body = Buffer.from(text);
      return [`no message: ${text}`, 422, webhookBytes(body, [sign(body)])];
    }),
  ];
  for (const [name, status, bytes] of cases) {
    it(`get the same answer: ${name}`, async (t) => {
      const whole = await openWire(t, service.port);
      whole.write(bytes);
      const first = await whole.reply();
      assert.equal(first.status, status);
      const parts = await openWire(t, service.port);
      parts.write(bytes.subarray(0, 10));
      await delay(5);
      parts.write(bytes.subarray(10));
      assert.deepEqual(comparable(first), comparable(await parts.reply()));
      // Both connections stay open for the next request.
      for (const wire of [whole, parts]) {
        wire.write(bytes);
        assert.equal((await wire.reply()).status, status);
      }
    });
  }
});

describe('a connection', () => {
  const signed = (from?: string): Buffer => {
    const body = bytesOf(message(from === undefined ? {} : { from }));
    return webhookBytes(body, [sign(body)]);
  };

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

  it('that is broken off before the answer has its message stored, counted and logged', async (t) => {
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
    if (line['result'] === 'created') assert.equal((await service.page(`?from=${from}`)).total, 1);
  });
});

describe('a failure of ours', () => {
  it('is answered 500, whichever way the request came, and the service goes on', async (t) => {
    const main = mutant(
      t,
      'ingest/decode.ts',
      `if (!isUtf8(body)) return invalidJson('body is not valid UTF-8', 0);`,
      `if (!isUtf8(body)) throw new Error('not UTF-8');`,
    );
    const failing = await startService(t, { main });
    const body = Buffer.from([0xff]);
    const wire = await openWire(t, failing.port);
    const bytes = webhookBytes(body, [sign(body)]);
    wire.write(bytes);
    assert.equal((await wire.reply()).status, 500);
    wire.write(bytes.subarray(0, 10));
    await delay(5);
    wire.write(bytes.subarray(10));
    assert.equal((await wire.reply()).status, 500);
    assert.equal((await failing.get('/health/live')).status, 200);
    const events = await failing.output.atLeast(
      2,
      'the lines of both',
      ({ event }) => event === 'request_failed',
    );
    assert.equal(events.length, 2);
  });
});
