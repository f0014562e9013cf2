// Bodies of named sources on their way in: the limit of each source, invitations, chunks, compressed bytes, and clients that go away.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { message, sign } from '../../support/message.ts';
import { type Service, startService } from '../../support/service.ts';
import { recordIn } from '../../support/shapes.ts';
import { head, openWire } from '../../support/wire.ts';
import { type Draft, metaDraft } from './kinds.ts';
import { Provider, environmentOf } from './provider.ts';
import { storedOf } from './stored.ts';

const small = new Provider('github', 'small');
const large = new Provider('github', 'large');
const meta = new Provider('meta', 'whatsapp');
const any = new Provider('hmac', 'any');
const SMALL_BYTES = 2_000;
const LARGE_BYTES = 3_000_000;
const CORE_BYTES = 1_048_576;
const service = await startService(
  { after },
  {
    env: {
      ...environmentOf([small, large, meta, any]),
      [small.variable('MAX_BODY_BYTES')]: String(SMALL_BYTES),
      [large.variable('MAX_BODY_BYTES')]: String(LARGE_BYTES),
    },
  },
);

/** A signed post of so many bytes. */
function sized(bytes: number): Pick<Draft, 'body' | 'id'> {
  const empty = JSON.stringify({ filler: '' });
  const body = Buffer.from(JSON.stringify({ filler: 'x'.repeat(bytes - empty.length) }));
  return { id: randomUUID(), body };
}

/** The head of a signed post, for a body that is sent by hand. */
function headOf(
  provider: Provider,
  draft: Pick<Draft, 'body' | 'id'>,
  more: readonly (readonly [string, string])[],
): Buffer {
  const { path, headers } = provider.request(draft);
  return head('POST', path, [...Object.entries(headers), ...more]);
}

async function statusesOf(provider: Provider, ...bytes: number[]): Promise<number[]> {
  const statuses: number[] = [];
  for (const size of bytes) statuses.push((await provider.post(service, sized(size))).status);
  return statuses;
}

describe('the longest body of a source', () => {
  it('is its own, and counts to the last byte', async () => {
    assert.deepEqual(await statusesOf(small, SMALL_BYTES, SMALL_BYTES + 1), [200, 413]);
    assert.deepEqual(await statusesOf(large, SMALL_BYTES + 1, LARGE_BYTES), [200, 200]);
    assert.deepEqual(await statusesOf(large, LARGE_BYTES + 1), [413]);
  });

  it('is four MiB where none is set', async () => {
    const draft = metaDraft([randomUUID()]);
    const padded = (size: number): Pick<Draft, 'body' | 'id'> => ({
      ...draft,
      body: Buffer.concat([draft.body, Buffer.alloc(size - draft.body.length, ' ')]),
    });
    assert.equal((await meta.post(service, padded(4_194_304))).status, 200);
    assert.equal((await meta.post(service, padded(4_194_305))).status, 413);
  });

  it('leaves that of POST /webhook as it is', async () => {
    const short = JSON.stringify(message());
    const body = short + ' '.repeat(CORE_BYTES - short.length);
    assert.equal((await service.post(body)).status, 200);
    assert.equal((await service.post(`${body} `)).status, 413);
  });

  it('says which bodies are invited by 100 Continue', async (t) => {
    for (const [provider, bytes, invited] of [
      [small, SMALL_BYTES, true],
      [small, SMALL_BYTES + 1, false],
      [large, CORE_BYTES + 1, true],
      [large, LARGE_BYTES + 1, false],
    ] as const) {
      const draft = sized(bytes);
      const wire = await openWire(t, service.port);
      wire.write(
        headOf(provider, draft, [
          ['Content-Length', String(bytes)],
          ['Expect', '100-continue'],
        ]),
      );
      const answer = await wire.reply();
      assert.equal(answer.status, invited ? 100 : 413, `${provider.name} ${bytes}`);
      if (!invited) continue;
      wire.write(draft.body);
      assert.equal((await wire.reply()).status, 200);
    }
  });

  it('does not invite more to POST /webhook than before', async (t) => {
    const wire = await openWire(t, service.port);
    wire.write(
      head('POST', '/webhook', [
        ['Content-Length', String(CORE_BYTES + 1)],
        ['X-Signature', sign('')],
        ['Expect', '100-continue'],
      ]),
    );
    assert.equal((await wire.reply()).status, 413);
  });

  it('counts in chunks too, without waiting for their end', async (t) => {
    const wire = await openWire(t, service.port);
    wire.write(headOf(small, sized(SMALL_BYTES), [['Transfer-Encoding', 'chunked']]));
    for (let sent = 0; sent <= SMALL_BYTES; sent += 500)
      wire.write(`1f4\r\n${'x'.repeat(500)}\r\n`);
    assert.equal((await wire.reply()).status, 413);
  });
});

it('a body in chunks is one body', async (t) => {
  const draft = metaDraft([randomUUID()]);
  const wire = await openWire(t, service.port);
  wire.write(headOf(meta, draft, [['Transfer-Encoding', 'chunked']]));
  for (const byte of draft.body) wire.write(`1\r\n${String.fromCharCode(byte)}\r\n`);
  wire.write('0\r\n\r\n');
  assert.equal((await wire.reply()).status, 200);
  assert.ok((await storedOf(service, meta.name)).messages.includes(draft.messages[0] ?? ''));
});

describe('a body that is compressed', () => {
  /** Posts compressed bytes that are signed as they are, and returns what is stored of the event. */
  async function postCompressed(body: Buffer, encoding: string, id: string) {
    const request = any.request({ body, id });
    const headers = { ...request.headers, 'Content-Encoding': encoding };
    const answer = await service.send({ ...request, headers });
    assert.equal(answer.status, 200, answer.text);
    const found = await service.get(`/event?id=${any.name}%3A${id}`);
    const event = recordIn(found.json());
    return {
      event,
      delivery: await service.get(`/delivery?id=${Number(event['delivery'])}&part=headers`),
    };
  }

  for (const [encoding, compress] of [
    ['gzip', gzipSync],
    ['deflate', deflateSync],
  ] as const)
    it(`is read, and kept as it came: ${encoding}`, async () => {
      const id = randomUUID();
      const { event, delivery } = await postCompressed(
        compress(JSON.stringify({ id, type: 'compressed', n: 12345678901234567890n.toString() })),
        encoding,
        id,
      );
      assert.equal(recordIn(event['payload'])['type'], 'compressed');
      assert.match(delivery.text, new RegExp(`\\["content-encoding","${encoding}"\\]`));
    });

  it('is an event unparsed where it is broken, or too long when it is inflated', async () => {
    const bomb = gzipSync(Buffer.alloc(8 * 1_048_576, ' '));
    for (const body of [Buffer.from('no gzip'), bomb]) {
      const request = any.request({ body, id: 'unused' });
      const headers = { ...request.headers, 'Content-Encoding': 'gzip' };
      assert.equal((await service.send({ ...request, headers })).status, 200);
    }
    const { data } = recordIn((await service.get('/events?source=any&type=unparsed')).json());
    assert.ok(Array.isArray(data));
    assert.equal(data.length, 2);
  });
});

describe('a client that goes away', () => {
  /** Waits for the line of the only aborted request of a source. */
  const aborted = (at: Service, path: string): Promise<unknown> =>
    at.output.line('the aborted post', (line) => line.path === path && line.status === 499);

  it('in the middle of the body: nothing is stored, and it is logged as 499', async (t) => {
    const draft = metaDraft([randomUUID()]);
    const wire = await openWire(t, service.port);
    wire.write(headOf(meta, draft, [['Content-Length', String(draft.body.length)]]));
    wire.write(draft.body.subarray(0, 20));
    wire.destroy();
    await aborted(service, meta.path);
    const stored = await storedOf(service, meta.name);
    assert.ok(!stored.messages.includes(draft.messages[0] ?? ''));
  });
});
