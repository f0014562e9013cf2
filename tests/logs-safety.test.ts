// What must not get into the log: line breaks of others, secrets, signatures, and the text of messages.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { lineOf, logged, webhook } from './support/logged.ts';
import { bytesOf, message, SECRET, sign } from './support/message.ts';
import { startService } from './support/service.ts';
import { head, openWire } from './support/wire.ts';

const service = await startService({ after });

describe('no input can break a line or add one', () => {
  const nasty = [
    '\n',
    '\r\n',
    '"}\n{"level":"ERROR"}\n',
    '\u2028\u2029',
    '\u0000',
    '\u001b[31m',
    '\\n',
    '\u0085',
    '\ufeff',
    '😀"\\',
  ];
  for (const text of nasty) {
    it(`message_id ${JSON.stringify(text)}`, async () => {
      const id = `nasty ${text}`;
      const before = service.output.lines().length;
      const { line } = await logged(service, webhook(bytesOf(message({ message_id: id }))));
      assert.equal(line.message_id, id);
      assert.equal(service.output.lines().length, before + 1);
    });
  }

  for (const path of ['/%0A{"a":1}', '/"', '/a"b\\', "/'", '/%22', '/\u007f', '/é', '/%E2%80%A8']) {
    it(`path ${path}`, async (t) => {
      const id = randomUUID();
      const wire = await openWire(t, service.port);
      wire.write(
        head('GET', path, [
          ['X-Request-ID', id],
          ['User-Agent', '"}{'],
          ['X-Other', '\u0080\u00ff"'],
        ]),
      );
      const answer = await wire.reply();
      if (answer.status !== 400) assert.equal((await lineOf(service, id)).status, 404);
      service.output.lines();
    });
  }

  it('bytes that are not HTTP', async (t) => {
    for (const bytes of [
      'hello\n{"level":"INFO"}\n\r\n\r\n',
      '\u0000\u0001\u0002\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      '\r\n\r\n\r\n',
      'GET /\r\n\r\n',
    ]) {
      const wire = await openWire(t, service.port);
      wire.write(bytes);
      wire.end();
      await wire.close();
    }
    await logged(service, { path: '/health/live' });
    assert.ok(service.output.requests().every((line) => Number.isInteger(line.status)));
    assert.equal(service.output.stderr, '');
  });
});

describe('what is never logged', () => {
  it('secrets, signatures and the text of messages', async (t) => {
    const own = await startService(t, { env: { LOG_LEVEL: 'DEBUG' } });
    const text = `text ${randomUUID()}`;
    const sent = message({ text });
    const bodies = [
      bytesOf(sent),
      bytesOf({ ...sent, text: `${text}!` }),
      bytesOf({ ...sent, from: text }),
      Buffer.from(`{"text":"${text}`),
    ];
    for (const body of bodies) await own.post(body);
    await own.post(bodies[0] ?? '', 'deadbeef'.repeat(8));
    await own.get(`/messages?q=${encodeURIComponent(text)}`);
    await own.stop();
    const { stdout, stderr } = own.output;
    for (const secret of [
      text,
      encodeURIComponent(text),
      SECRET,
      'deadbeef',
      ...bodies.map((body) => sign(body)),
    ])
      assert.ok(!stdout.includes(secret), secret);
    assert.equal(stderr, '');
  });
});
