// The log: one JSON object a line on standard output from start to exit, one line a request, and nothing that must not be there.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { assertRequestLine, lineOf, logged, REQUEST_KEYS, webhook } from './support/logged.ts';
import { bytesOf, message, sign } from './support/message.ts';
import type { LogLine } from './support/output.ts';
import type { Request } from './support/request.ts';
import { startService } from './support/service.ts';
import { head, openWire, webhookBytes } from './support/wire.ts';

const service = await startService({ after });

describe('a request', () => {
  const cases: [string, Request, number, string][] = [
    ['a list', { path: '/messages?from=%2B1&q=secret+words' }, 200, 'INFO'],
    ['statistics', { path: '/stats' }, 200, 'INFO'],
    ['a probe', { path: '/health/live' }, 200, 'INFO'],
    ['a scrape', { path: '/metrics' }, 200, 'INFO'],
    ['HEAD', { method: 'HEAD', path: '/messages' }, 200, 'INFO'],
    ['a bad parameter', { path: '/messages?limit=0' }, 422, 'WARNING'],
    ['an unknown path', { path: '/unknown?a=b' }, 404, 'WARNING'],
    ['another method', { method: 'DELETE', path: '/messages' }, 405, 'WARNING'],
  ];
  for (const [name, request, status, level] of cases) {
    it(`has one line with the promised keys and no others: ${name}`, async () => {
      const { line } = await logged(service, request);
      assertRequestLine(line);
      assert.deepEqual(
        [line.method, line.path, line.status, line.level],
        [request.method ?? 'GET', request.path.split('?')[0], status, level],
      );
    });
  }

  it('has one line even when the client goes away in the middle of it', async (t) => {
    const id = randomUUID();
    const wire = await openWire(t, service.port);
    const body = bytesOf(message());
    wire.write(
      webhookBytes(
        body,
        [sign(body)],
        [
          ['X-Request-ID', id],
          ['Expect', '100-continue'],
        ],
      ).subarray(0, -1),
    );
    assert.equal((await wire.reply()).status, 100);
    wire.destroy();
    const line = await lineOf(service, id);
    assert.deepEqual([line.method, line.path, line.status], ['POST', '/webhook', 499]);
  });
});

describe('a request to /webhook', () => {
  it('has dup always, also when it never became a message: another method, a client that went away', async (t) => {
    const id = randomUUID();
    const other = await logged(service, { path: '/webhook' });
    assert.deepEqual([other.line.status, other.line.dup], [405, false]);
    const wire = await openWire(t, service.port);
    wire.write(
      head('POST', '/webhook', [
        ['Content-Length', '9'],
        ['X-Request-ID', id],
      ]),
    );
    wire.destroy();
    const line = await lineOf(service, id);
    assert.deepEqual([line.status, line.dup], [499, false]);
  });

  const sent = message();
  const id = sent.message_id;
  const cases: [string, () => Request, LogLine][] = [
    [
      'created',
      () => webhook(bytesOf(sent)),
      { status: 200, level: 'INFO', result: 'created', dup: false, message_id: id },
    ],
    [
      'duplicate',
      () => webhook(bytesOf(sent)),
      { status: 200, level: 'INFO', result: 'duplicate', dup: true, message_id: id },
    ],
    [
      'conflict',
      () => webhook(bytesOf({ ...sent, text: 'x' })),
      {
        status: 200,
        level: 'WARNING',
        result: 'duplicate',
        dup: true,
        message_id: id,
        conflict: true,
      },
    ],
    [
      'invalid signature',
      () => webhook(bytesOf(sent), 'wrong'),
      { status: 401, level: 'ERROR', result: 'invalid_signature', dup: false },
    ],
    [
      'no JSON',
      () => webhook('{'),
      { status: 422, level: 'WARNING', result: 'validation_error', dup: false },
    ],
    [
      'no message_id',
      () => webhook('{"to":"+1"}'),
      { status: 422, level: 'WARNING', result: 'validation_error', dup: false },
    ],
    [
      'message_id that is no string',
      () => webhook('{"message_id":5}'),
      { status: 422, level: 'WARNING', result: 'validation_error', dup: false },
    ],
    [
      'message_id beside a fault',
      () => webhook(bytesOf({ ...sent, message_id: 'beside', from: '1' })),
      {
        status: 422,
        level: 'WARNING',
        result: 'validation_error',
        dup: false,
        message_id: 'beside',
      },
    ],
    [
      'too large',
      () => webhook(Buffer.alloc(1_048_577)),
      { status: 413, level: 'WARNING', result: 'payload_too_large', dup: false },
    ],
  ];
  for (const [name, request, expected] of cases) {
    it(`also has its result and dup: ${name}`, async () => {
      const { line } = await logged(service, request());
      const { ts, request_id, method, path, latency_ms, conflict, ...rest } = line;
      assert.deepEqual({ ...rest, ...(conflict ? { conflict } : {}) }, expected);
      assert.deepEqual([method, path], ['POST', '/webhook']);
      assertRequestLine(
        line,
        Object.keys({ ...rest, conflict }).filter(
          (key) => key in line && !REQUEST_KEYS.includes(key),
        ),
      );
      assert.ok(ts !== undefined && request_id !== undefined && latency_ms !== undefined);
    });
  }
});

describe('the whole of standard output', () => {
  it('is JSON lines from start to exit, standard error is empty, and each event says what, when and how grave', async (t) => {
    const own = await startService(t, { env: { LOG_LEVEL: 'DEBUG' } });
    await own.store(message());
    await own.get('/nowhere');
    await own.stop();
    const lines = own.output.lines();
    assert.equal(own.output.unfinished, '');
    assert.equal(own.output.stderr, '');
    assert.equal(own.output.requests().length, 2);
    for (const line of lines) {
      assert.ok(['DEBUG', 'INFO', 'WARNING', 'ERROR'].includes(String(line.level)));
      assert.ok(Number.isFinite(Date.parse(String(line.ts))));
      if ('method' in line) continue;
      assert.ok(
        typeof line.event === 'string' && typeof line.msg === 'string',
        JSON.stringify(line),
      );
    }
  });
});
