// X-Request-ID: one for each request, the same in the answer and in the log; a caller's own is kept when it is well-formed.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { lineOf, logged, webhook } from './support/logged.ts';
import type { Request } from './support/request.ts';
import { startService } from './support/service.ts';
import { head, openWire } from './support/wire.ts';

const service = await startService({ after });

describe('X-Request-ID', () => {
  it('is unique for each request, and the same in the answer and in the log', async () => {
    const ids = await Promise.all(
      Array.from({ length: 100 }, async () =>
        String((await service.get('/health/live')).headers['x-request-id']),
      ),
    );
    assert.equal(new Set(ids).size, 100);
    for (const id of ids) {
      assert.match(id, /^[\w.-]{8,128}$/);
      assert.equal((await lineOf(service, id)).path, '/health/live');
    }
  });

  it('is in every kind of answer', async () => {
    const requests: Request[] = [
      { path: '/none' },
      { path: '/webhook' },
      { path: '/messages?limit=x' },
      webhook('{}', 'x'),
      webhook('{}'),
      webhook(Buffer.alloc(1_048_577)),
      { method: 'HEAD', path: '/stats' },
      { path: '/metrics' },
    ];
    for (const request of requests)
      assert.match(
        String((await service.send(request)).headers['x-request-id']),
        /^[\w.-]{8,128}$/,
      );
  });

  const kept = [
    '8c1f9ea7-7f44-4d0b-8a8e-1f0d2c3b4a59',
    'req-1',
    'A.b_c-1',
    '01ARZ3NDEKTSV4RRFFQ69G5FAV',
    'a',
  ];
  for (const id of kept) {
    it(`of the caller is kept when well-formed: ${id}`, async () => {
      const { answer, line } = await logged(service, {
        path: '/stats',
        headers: { 'X-Request-ID': id },
      });
      assert.equal(answer.headers['x-request-id'], id);
      assert.equal(line.request_id, id);
    });
  }

  const replaced = [
    '',
    ' ',
    'a b',
    '"',
    '{"a":1}',
    'a"b',
    'a\\b',
    'a\tb',
    'é',
    'a\u0080',
    'x'.repeat(1000),
    '<script>',
    'a,b',
    'a;b',
  ];
  for (const id of replaced) {
    it(`of the caller is replaced when it is not: ${JSON.stringify(id.slice(0, 20))}`, async (t) => {
      const wire = await openWire(t, service.port);
      wire.write(head('GET', '/stats', [['X-Request-ID', id]]));
      const answer = await wire.reply();
      assert.notEqual(answer.headers['x-request-id'], id);
      assert.match(answer.headers['x-request-id'] ?? '', /^[\w.-]{8,128}$/);
    });
  }
});
