// What every route has in common: unknown paths, other methods, HEAD, framing, and answers that tell nothing of the inside.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { startService } from './support/service.ts';
import { exchange, head, openWire } from './support/wire.ts';

const service = await startService({ after });
const READS = ['/messages', '/stats', '/health/live', '/health/ready', '/metrics'];

describe('404 {"detail":"Not Found"} for an unknown path', () => {
  const paths = [
    '/index.html',
    '/unknown',
    '/webhook/',
    '/webhook/x',
    '/webhooks/test',
    '/Messages',
    '/messages/1',
    '/health',
    '/health/',
    '/health/dead',
    '/metrics.json',
    '/favicon.ico',
    '/%zz',
    '/%',
    '/%FF',
    '/messages%00',
    '/messages%20',
    '/..%2f',
    '/%C3%A9',
    '/"',
    '//messages',
    `/${'a'.repeat(8000)}`,
    '/__proto__',
    '/constructor',
  ];
  for (const path of paths) {
    it(path.slice(0, 40), async (t) => {
      const answer = await exchange(t, service.port, head('GET', path));
      assert.equal(answer?.status, 404);
      assert.equal(answer.body.toString(), '{"detail":"Not Found"}');
      assert.match(answer.headers['content-type'] ?? '', /^application\/json/);
    });
  }

  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND']) {
    it(`whatever the method and the body: ${method}`, async () => {
      const headers = { 'Content-Type': 'application/json' };
      const answer = await service.send({ method, path: '/unknown', headers, body: '{not json' });
      assert.equal(answer.status, 404);
      assert.equal(answer.text, '{"detail":"Not Found"}');
    });
  }
});

describe('405 {"detail":"Method Not Allowed"} with Allow for another method', () => {
  const others: [string, string[], string[]][] = [
    [
      '/webhook',
      ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY'],
      ['POST'],
    ],
    ...READS.map((path): [string, string[], string[]] => [
      path,
      ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY'],
      ['GET', 'HEAD'],
    ]),
  ];
  for (const [path, methods, allowed] of others) {
    for (const method of methods) {
      it(`${method} ${path}`, async (t) => {
        const answer = await exchange(
          t,
          service.port,
          head(method, `${path}?x=1`, [['Content-Length', '0']]),
          method,
        );
        assert.equal(answer?.status, 405);
        if (method !== 'HEAD')
          assert.equal(answer.body.toString(), '{"detail":"Method Not Allowed"}');
        assert.deepEqual((answer.headers['allow'] ?? '').split(/\s*,\s*/).toSorted(), allowed);
      });
    }
  }

  it('whatever is in the body', async () => {
    for (const type of ['application/json', 'text/xml', 'nonsense']) {
      const answer = await service.send({
        method: 'POST',
        path: '/messages',
        headers: { 'Content-Type': type },
        body: '{not json',
      });
      assert.equal(answer.status, 405);
    }
  });
});

describe('HEAD is answered wherever GET is, with the same status and no body', () => {
  for (const path of [...READS, '/messages?limit=0', '/messages?limit=1&q=a', '/unknown']) {
    it(path, async (t) => {
      const wire = await openWire(t, service.port);
      // The GET behind it on the same connection shows that no byte of a body came with the first answer.
      wire.write(Buffer.concat([head('HEAD', path), head('GET', path)]));
      const headAnswer = await wire.reply('HEAD');
      const getAnswer = await wire.reply('GET');
      assert.equal(headAnswer.status, getAnswer.status);
      assert.equal(headAnswer.headers['content-type'], getAnswer.headers['content-type']);
      assert.ok(getAnswer.body.length > 0);
    });
  }
});

describe('no response discloses internals', () => {
  it('whatever is asked', async (t) => {
    const asked = [
      "/messages?q='",
      '/messages?from=%00',
      '/messages?since=%00',
      '/messages?offset=9007199254740991&q=%',
      '/%',
      '/messages?limit=%F0',
      `/messages?q=${'%00'.repeat(2000)}`,
    ];
    for (const path of asked) {
      const answer = await exchange(t, service.port, head('GET', path));
      assert.ok(answer && answer.status < 500, path);
      assert.doesNotMatch(
        answer.body.toString(),
        /SELECT|SQLITE|node_modules|\.ts\b|node:|\bat \S+:\d+/,
      );
      assert.equal(answer.headers['x-powered-by'], undefined);
    }
  });
});
