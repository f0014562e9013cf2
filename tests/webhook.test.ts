// POST /webhook: what each kind of request is answered, what it stores, and that no later step runs before an earlier one has passed.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { issuesOf } from './support/issues.ts';
import { bytesOf, message, sign, uniqueNumber } from './support/message.ts';
import { startService } from './support/service.ts';
import { head, openWire, webhookBytes } from './support/wire.ts';

const LIMIT = 1_048_576;
const service = await startService({ after });

describe('a valid message', () => {
  it('is answered 200 {"status":"ok"} and comes back as it went in', async () => {
    const from = uniqueNumber();
    const sent = message({ from, text: 'Grüße, "quoted" \\ and 👋' });
    const answer = await service.post(sent);
    assert.equal(answer.status, 200);
    assert.equal(answer.text, '{"status":"ok"}');
    assert.match(answer.headers['content-type'] ?? '', /^application\/json/);
    assert.deepEqual((await service.page(`?from=${from}`)).data, [sent]);
  });

  it('is listed, searched and counted from the moment of its 200', async () => {
    const from = uniqueNumber();
    for (let count = 1; count <= 25; count += 1) {
      const sent = message({ from, text: `needle ${from} ${count}.` });
      await service.store(sent);
      assert.equal((await service.page(`?from=${from}`)).total, count);
      assert.deepEqual(await service.ids(`?q=${from.slice(1)}+${count}.`), [sent.message_id]);
    }
  });

  it('may have keys that mean nothing here, also those with a meaning in JavaScript', async () => {
    const from = uniqueNumber();
    const { message_id: id, ...rest } = message({ from });
    const raw = `{"__proto__":{"text":"no"},"constructor":{"prototype":1},"toString":null,"extra":[{}],"message_id":"${String(id)}",${JSON.stringify(rest).slice(1)}`;
    assert.equal((await service.post(raw)).status, 200);
    assert.deepEqual((await service.page(`?from=${from}`)).data, [{ message_id: id, ...rest }]);
  });

  it('gets nothing from a key named __proto__', async () => {
    const issues = issuesOf(await service.post(`{"__proto__":${JSON.stringify(message())}}`));
    assert.equal(issues.length, 4);
  });

  it('is verified over the bytes as they came, with all their spaces and line ends', async () => {
    const raw = ` \r\n\t${JSON.stringify(message(), null, 3)}\n\n`;
    assert.equal((await service.post(raw)).status, 200);
    assert.equal((await service.post(raw, sign(raw.trim()))).status, 401);
  });

  const types = [
    'application/json',
    'application/json; charset=latin1',
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'image/png',
    'nonsense',
    '',
  ];
  for (const type of types) {
    it(`may come with Content-Type ${JSON.stringify(type)}`, async () => {
      const body = bytesOf(message());
      const headers = { 'Content-Type': type, 'X-Signature': sign(body) };
      assert.equal(
        (await service.send({ method: 'POST', path: '/webhook', headers, body })).status,
        200,
      );
    });
  }

  it('may come without a Content-Type', async (t) => {
    const wire = await openWire(t, service.port);
    const body = bytesOf(message());
    wire.write(webhookBytes(body, [sign(body)]));
    assert.equal((await wire.reply()).status, 200);
  });
});

describe('the order of the steps', () => {
  const invalid: [string, Buffer | string][] = [
    ['an empty body', ''],
    ['a body that is not JSON', '{"message_id":'],
    ['a body that is not UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['fields that do not fit', '{"message_id":""}'],
  ];
  for (const [name, body] of invalid) {
    it(`401 wins over 422: ${name}`, async () => {
      const wrong = await service.post(body, sign('something else'));
      assert.equal(wrong.status, 401);
      assert.equal(wrong.text, '{"detail":"invalid signature"}');
      issuesOf(await service.post(body));
    });
  }

  it('413 wins over 401', async () => {
    const answer = await service.post(Buffer.alloc(LIMIT + 1, 0x20), 'wrong');
    assert.equal(answer.status, 413);
  });
});

describe('a body over MAX_BODY_BYTES', () => {
  it('is accepted up to the last byte of the limit', async () => {
    const short = JSON.stringify(message());
    const body = short + ' '.repeat(LIMIT - short.length);
    assert.equal((await service.post(body)).status, 200);
    const answer = await service.post(`${body} `);
    assert.equal(answer.status, 413);
    assert.equal(answer.text, '{"detail":"payload too large"}');
  });

  it('of 10 MB is refused by its Content-Length, before a byte of it was sent', async (t) => {
    const wire = await openWire(t, service.port);
    wire.write(
      head('POST', '/webhook', [
        ['Content-Length', '10485760'],
        ['X-Signature', sign('')],
      ]),
    );
    const answer = await wire.reply();
    assert.equal(answer.status, 413);
    assert.equal(answer.body.toString(), '{"detail":"payload too large"}');
    assert.match(answer.headers['content-type'] ?? '', /^application\/json/);
  });

  it('is not invited by 100 Continue', async (t) => {
    const wire = await openWire(t, service.port);
    wire.write(
      head('POST', '/webhook', [
        ['Content-Length', String(LIMIT + 1)],
        ['Expect', '100-continue'],
      ]),
    );
    assert.equal((await wire.reply()).status, 413);
  });

  it('in chunks is refused as soon as it is too long, without waiting for its end', async (t) => {
    const wire = await openWire(t, service.port);
    wire.write(
      head('POST', '/webhook', [
        ['Transfer-Encoding', 'chunked'],
        ['X-Signature', sign('')],
      ]),
    );
    const size = 65_536;
    for (let sent = 0; sent <= LIMIT; sent += size)
      wire.write(`${size.toString(16)}\r\n${' '.repeat(size)}\r\n`);
    const answer = await wire.reply();
    assert.equal(answer.status, 413);
    assert.equal(answer.body.toString(), '{"detail":"payload too large"}');
  });

  it('stores nothing, even when it is a valid message', async () => {
    const from = uniqueNumber();
    const body = JSON.stringify(message({ from })) + ' '.repeat(LIMIT);
    assert.equal((await service.post(body)).status, 413);
    assert.equal((await service.page(`?from=${from}`)).total, 0);
  });
});
