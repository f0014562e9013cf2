// How requests are cut out of a connection: chunks, halves, pipelines, and what is not HTTP at all.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, describe, it } from 'node:test';
import { bounded, eventually } from './support/bounded.ts';
import { bytesOf, message, sign, uniqueNumber } from './support/message.ts';
import { startService } from './support/service.ts';
import { recordIn } from './support/shapes.ts';
import { exchange, head, openWire, webhookBytes } from './support/wire.ts';

const service = await startService({ after });

describe('framing', () => {
  const from = uniqueNumber();
  const stored = async (): Promise<number> => (await service.page(`?from=${from}`)).total;

  it('a body in chunks is the bytes of its chunks', async (t) => {
    const sent = message({ from, text: 'in chunks' });
    const body = bytesOf(sent);
    const chunks = [body.subarray(0, 1), body.subarray(1, 40), body.subarray(40)].map(
      (part) => `${part.length.toString(16)}\r\n${part.toString()}\r\n`,
    );
    const answer = await exchange(
      t,
      service.port,
      Buffer.concat([
        head('POST', '/webhook', [
          ['Transfer-Encoding', 'chunked'],
          ['X-Signature', sign(body)],
        ]),
        Buffer.from(`${chunks.join('')}0\r\n\r\n`),
      ]),
    );
    assert.equal(answer?.status, 200);
    assert.deepEqual((await service.page(`?from=${from}`)).data, [sent]);
  });

  it('a body that comes byte by byte is the same body', async (t) => {
    const body = bytesOf(message({ text: '😀' }));
    const wire = await openWire(t, service.port);
    for (const byte of webhookBytes(body, [sign(body)])) {
      wire.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal((await wire.reply()).status, 200);
  });

  it('100 Continue invites a body that is not too long', async (t) => {
    const body = bytesOf(message());
    const wire = await openWire(t, service.port);
    wire.write(
      head('POST', '/webhook', [
        ['Content-Length', String(body.length)],
        ['X-Signature', sign(body)],
        ['Expect', '100-continue'],
      ]),
    );
    assert.equal((await wire.reply()).status, 100);
    wire.write(body);
    assert.equal((await wire.reply()).status, 200);
  });

  it('requests behind each other on one connection are answered in order', async (t) => {
    const wire = await openWire(t, service.port);
    const body = bytesOf(message());
    const requests = [
      webhookBytes(body, [sign(body)]),
      head('GET', '/unknown'),
      webhookBytes(body, ['wrong']),
      head('GET', '/stats'),
      webhookBytes(body, [sign(body)]),
      head('DELETE', '/stats'),
    ];
    wire.write(Buffer.concat(requests));
    const statuses: number[] = [];
    for (let count = 0; count < requests.length; count += 1)
      statuses.push((await wire.reply()).status);
    assert.deepEqual(statuses, [200, 404, 401, 200, 200, 405]);
  });

  it('a GET may have a body, which means nothing', async () => {
    const answer = await service.send({
      path: '/messages?limit=1',
      headers: { 'Content-Type': 'application/json', 'Content-Length': 9 },
      body: '{not json',
    });
    assert.equal(answer.status, 200);
  });

  const broken: [string, string][] = [
    [
      'both Content-Length and Transfer-Encoding',
      'POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'a Content-Length that is no number',
      'POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 4x\r\n\r\n{}{}',
    ],
    [
      'a negative Content-Length',
      'POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
    ],
    [
      'two Content-Lengths',
      'POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}{',
    ],
    [
      'a chunk without a size',
      'POST /webhook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    ],
    ['a header without a name', 'GET /messages HTTP/1.1\r\nHost: x\r\n: x\r\n\r\n'],
    ['a NUL in a header', 'GET /messages HTTP/1.1\r\nHost: x\r\nX-Signature: a\u0000b\r\n\r\n'],
    ['no HTTP at all', '\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n'],
    [
      'an endless header',
      `GET /messages HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(200_000)}\r\n\r\n`,
    ],
  ];
  for (const [name, bytes] of broken) {
    it(`a request that is not HTTP is refused or cut off, stores nothing, and the service goes on: ${name}`, async (t) => {
      const before = await stored();
      const answer = await exchange(t, service.port, bytes);
      assert.ok(
        answer === undefined || (answer.status >= 400 && answer.status < 500),
        String(answer?.status),
      );
      if (answer && answer.body.length > 0)
        recordIn(JSON.parse(answer.body.toString()), ['detail']);
      assert.equal(await stored(), before);
      assert.equal((await service.get('/health/ready')).status, 200);
    });
  }

  it('a post that is broken off stores nothing', async (t) => {
    const before = await stored();
    const body = bytesOf(message({ from }));
    const wire = await openWire(t, service.port);
    wire.write(webhookBytes(body, [sign(body)], [['X-Request-ID', 'broken-off']]).subarray(0, -1));
    wire.destroy();
    await service.output.line('the end of it', (line) => line.request_id === 'broken-off');
    assert.equal(await stored(), before);
  });
});

describe('a bad request behind good ones on one connection', () => {
  const bad = 'BREW / HTTP/9.9\r\n\r\n';
  const good = (): Buffer => {
    const body = bytesOf(message());
    return webhookBytes(body, [sign(body)]);
  };

  it('is refused after they have been answered, and the connection ends', async (t) => {
    const wire = await openWire(t, service.port);
    wire.write(Buffer.concat([good(), head('GET', '/messages?q=hello'), good(), Buffer.from(bad)]));
    for (const status of [200, 200, 200, 400]) assert.equal((await wire.reply()).status, status);
    await wire.close();
    assert.equal(await wire.answer(), undefined);
  });

  it('also when it is a body whose chunks are none, and when more bytes follow', async (t) => {
    const wire = await openWire(t, service.port);
    const chunked = head('POST', '/webhook', [['Transfer-Encoding', 'chunked']]);
    wire.write(Buffer.concat([good(), head('GET', '/stats'), chunked, Buffer.from('zz\r\n')]));
    wire.write(bad);
    wire.write(bad);
    for (const status of [200, 200, 400]) assert.equal((await wire.reply()).status, status);
    await wire.close();
    assert.equal(await wire.answer(), undefined);
  });

  it('never comes before them when its sender has ended its half of the connection', async (t) => {
    const wire = await openWire(t, service.port);
    wire.write(Buffer.concat([good(), Buffer.from(bad)]));
    wire.end();
    assert.equal((await wire.reply()).status, 200);
    const last = await wire.answer();
    assert.ok(last === undefined || last.status === 400);
    await wire.close();
  });

  it('is never answered in the midst of a stream', async (t) => {
    const socket = connect({ host: '127.0.0.1', port: service.port });
    t.after(() => socket.destroy());
    let received = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      received += text;
    });
    socket.write(Buffer.concat([head('GET', '/messages/stream'), Buffer.from(bad)]));
    await eventually('the beginning of the stream', () => received.includes('id: ') || undefined);
    const sent = message();
    await service.store(sent);
    const id = String(sent.message_id);
    await eventually('the message', () => received.includes(id) || undefined);
    socket.end();
    await bounded(once(socket, 'close'), () => 'the end of the stream');
    assert.equal(received.split('HTTP/1.1').length, 2, received);
  });
});
