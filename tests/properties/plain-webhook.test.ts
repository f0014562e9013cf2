// What is taken for a plain webhook: never anything that Node's HTTP parser reads in another way.
import assert from 'node:assert/strict';
import { type IncomingMessage, createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { type PlainWebhook, plainWebhook } from '../../app/http/direct/plain-webhook.ts';

const HEAD_MAX = 16_384;
const BODY_MAX = 1_048_576;

/** What Node's parser makes of the bytes, as far as a webhook is concerned; null where it refuses them or sees more than one request. */
async function readByNode(port: number, bytes: Buffer): Promise<PlainWebhook | null> {
  const seen: PlainWebhook[] = [];
  const socket = connect({ host: '127.0.0.1', port });
  const replies = await new Promise<string>((resolve) => {
    let text = '';
    socket.on('connect', () => {
      seenBy.set(socket.localPort ?? 0, seen);
      socket.end(bytes);
    });
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
  seenBy.delete(socket.localPort ?? 0);
  const [only] = seen;
  return only === undefined || seen.length > 1 || !replies.startsWith('HTTP/1.1 200') ? null : only;
}

const seenBy = new Map<number, PlainWebhook[]>();

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

const oracle = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    if (request.method === 'POST' && request.url === '/webhook') {
      seenBy.get(request.socket.remotePort ?? 0)?.push({
        body: Buffer.concat(chunks),
        signature: header(request, 'x-signature'),
        requestId: header(request, 'x-request-id'),
      });
    }
    response.end('{}');
  });
});

before(() => new Promise<void>((resolve) => void oracle.listen(0, '127.0.0.1', resolve)));
after(() => {
  oracle.close();
  oracle.closeAllConnections();
});

function portOf(): number {
  return (oracle.address() as AddressInfo).port;
}

/** A request from a list of header lines, as it stands on the wire. */
function wire(lines: readonly string[], body: string): Buffer {
  return Buffer.from(`POST /webhook HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');
}

const KNOWN =
  'Host host X-Signature x-signature X-Request-ID Content-Length Accept Connection Transfer-Encoding Expect ' +
  'Upgrade TE Trailer User-Agent X-A Content-Type Content-Encoding Keep-Alive Proxy-Connection Cookie Hóst';
const names = fc.constantFrom(...KNOWN.split(' '), 'X B');
const values = fc.oneof(
  fc.constantFrom(
    '',
    '2',
    '02',
    '+2',
    '2, 2',
    'close',
    'keep-alive',
    'chunked',
    '100-continue',
    'h2c',
  ),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const separators = fc.constantFrom(': ', ':', ':\t', ' : ', ':  ');
const lines = fc.array(
  fc.tuple(names, separators, values).map((parts) => parts.join('')),
  { maxLength: 4 },
);

describe('a plain webhook', () => {
  const usual = ['Host: localhost', 'X-Signature: abc', 'X-Request-ID: r-1', 'Content-Length: 2'];

  it('is the usual request, whatever harmless headers it has and in whatever case', () => {
    const taken = plainWebhook(
      wire([...usual, 'accept: */*', 'COOKIE: a=b'], '{}'),
      HEAD_MAX,
      BODY_MAX,
    );
    assert.deepEqual(taken, { body: Buffer.from('{}'), signature: 'abc', requestId: 'r-1' });
    const bare = plainWebhook(wire(['HOST:x', 'content-length:\t0 '], ''), HEAD_MAX, BODY_MAX);
    assert.deepEqual(bare, { body: Buffer.alloc(0), signature: undefined, requestId: undefined });
  });

  const others: [string, Buffer][] = [
    ['a part of a request', wire(usual, '{')],
    ['a request and the beginning of the next', wire(usual, '{}P')],
    [
      'another method',
      Buffer.from('GET /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n'),
    ],
    [
      'another path',
      Buffer.from('POST /webhook?a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n'),
    ],
    [
      'an older version',
      Buffer.from('POST /webhook HTTP/1.0\r\nHost: x\r\nContent-Length: 0\r\n\r\n'),
    ],
    ['bare line feeds', Buffer.from('POST /webhook HTTP/1.1\nHost: x\nContent-Length: 0\n\n')],
    ['no Host', wire(['Content-Length: 2'], '{}')],
    ['two Hosts', wire([...usual, 'Host: other'], '{}')],
    ['two signatures', wire([...usual, 'X-Signature: def'], '{}')],
    ['no length', wire(['Host: x'], '')],
    ['two lengths', wire([...usual, 'Content-Length: 2'], '{}')],
    ['a length that is no plain number', wire(['Host: x', 'Content-Length: 02'], '{}')],
    ['a body in chunks', wire(['Host: x', 'Transfer-Encoding: chunked'], '0\r\n\r\n')],
    ['a wish to close', wire([...usual, 'Connection: close'], '{}')],
    ['an expectation', wire([...usual, 'Expect: 100-continue'], '{}')],
    ['a folded line', wire([...usual, 'X-A: b', ' c'], '{}')],
    ['a blank before the colon', wire([...usual, 'X-A : b'], '{}')],
    ['a byte beyond ASCII', wire([...usual, 'X-A: é'], '{}')],
    ['a very long head', wire([...usual, `X-A: ${'a'.repeat(HEAD_MAX)}`], '{}')],
    ['very many lines', wire([...usual, ...Array<string>(300).fill('X-A: b')], '{}')],
  ];
  for (const [name, bytes] of others) {
    it(`is not ${name}`, () => assert.equal(plainWebhook(bytes, HEAD_MAX, BODY_MAX), null));
  }

  it('is not one with a body over the bound', () =>
    assert.equal(plainWebhook(wire(usual, '{}'), HEAD_MAX, 1), null));

  it('is read as the parser reads it, whatever headers come', async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(lines, lines, async (first, second) => {
        const bytes = wire([...first, 'Host: localhost', 'Content-Length: 2', ...second], '{}');
        const found = plainWebhook(bytes, HEAD_MAX, BODY_MAX);
        if (found === null) return;
        taken += 1;
        assert.deepEqual(found, await readByNode(portOf(), bytes));
      }),
      { numRuns: 1_500 },
    );
    assert.ok(taken > 50, `only ${taken} were plain`);
  });

  it('is read as the parser reads it, whichever byte is changed', async () => {
    const valid = wire([...usual, 'User-Agent: a b'], '{}');
    const edit = fc.record({
      at: fc.nat(valid.length - 1),
      byte: fc.oneof(fc.nat(255), fc.constantFrom(0x0d, 0x0a, 0x20, 0x09, 0x3a, 0x2c)),
      drop: fc.nat(2),
      insert: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
        let bytes = valid;
        for (const { at, byte, drop, insert } of edits) {
          bytes = Buffer.concat([
            bytes.subarray(0, at),
            Buffer.from(insert ? [byte] : []),
            bytes.subarray(at + drop),
          ]);
        }
        const found = plainWebhook(bytes, HEAD_MAX, BODY_MAX);
        if (found !== null) assert.deepEqual(found, await readByNode(portOf(), bytes));
      }),
      { numRuns: 1_500 },
    );
  });
});
