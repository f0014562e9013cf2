// Clients that stall, and neither read nor close: each is answered where there is something to answer, and its socket is released.
import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { type Socket, connect } from 'node:net';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytesOf, message, sign, uniqueNumber } from './support/message.ts';
import { type Service, startService } from './support/service.ts';
import { head, openWire, webhookBytes } from './support/wire.ts';

/** Time for everything to be released: the longest bound is 65 s. Not a promise of speed. */
const RELEASE_PATIENCE_MS = 120_000;
/** The same after a last answer, which has 5 s: less than the bound of an idle or a stalled one. */
const LAST_PATIENCE_MS = 15_000;

interface Kind {
  readonly name: string;
  readonly count: number;
  readonly bytes: Buffer | string;
  /** The statuses that one who reads gets. */
  readonly statuses: readonly number[];
}

const chunked = head('POST', '/webhook', [['Transfer-Encoding', 'chunked']]).toString();
const half = (path: string): Buffer =>
  Buffer.concat([head('POST', path, [['Content-Length', '100']]), Buffer.from('{"message_id"')]);
const large = [['Content-Length', '10485760']] as const;
const stored = bytesOf(message());

const KINDS: readonly Kind[] = [
  // What connects and says nothing is a probe, or keeps a connection in reserve.
  { name: 'says nothing', count: 100, bytes: '', statuses: [] },
  { name: 'stalls in the request line', count: 100, bytes: 'POST /web', statuses: [408] },
  {
    name: 'stalls in the headers',
    count: 100,
    bytes: 'POST /webhook HTTP/1.1\r\nHost: x\r\nX-',
    statuses: [408],
  },
  { name: 'stalls in the body', count: 200, bytes: half('/webhook'), statuses: [408] },
  {
    name: 'stalls between two chunks',
    count: 100,
    bytes: `${chunked}2\r\n{}\r\n`,
    statuses: [408],
  },
  {
    name: 'stalls in the body of HTTP/1.0',
    count: 50,
    bytes: 'POST /webhook HTTP/1.0\r\nContent-Length: 100\r\n\r\n{',
    statuses: [408],
  },
  {
    name: 'stalls in a body that nobody waits for: there is no second answer',
    count: 50,
    bytes: half('/unknown'),
    statuses: [404],
  },
  {
    name: 'is answered before, and stalls behind it',
    count: 50,
    bytes: Buffer.concat([head('GET', '/health/live'), half('/webhook')]),
    statuses: [200, 408],
  },
  {
    name: 'sends too long a body and stalls',
    count: 100,
    bytes: Buffer.concat([head('POST', '/webhook', large), Buffer.alloc(1_000, 0x20)]),
    statuses: [413],
  },
  { name: 'does not speak HTTP', count: 100, bytes: 'BREW / HTTP/9.9\r\n\r\n', statuses: [400] },
  {
    name: 'breaks its chunks',
    count: 50,
    bytes: `${chunked}zz\r\n`,
    statuses: [400],
  },
  {
    name: 'sends headers without end',
    count: 100,
    bytes: `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}`,
    statuses: [431],
  },
  {
    name: 'asks and says nothing more',
    count: 50,
    bytes: head('GET', '/health/live'),
    statuses: [200],
  },
  {
    name: 'asked for the end of the connection',
    count: 100,
    bytes: webhookBytes(stored, [sign(stored)], [['Connection', 'close']]),
    statuses: [200],
  },
  {
    name: 'speaks HTTP/1.0',
    count: 50,
    bytes: 'GET /health/live HTTP/1.0\r\n\r\n',
    statuses: [200],
  },
];

/** A client that keeps its half of the connection open, whatever comes. */
class Client {
  received = '';
  readonly socket: Socket;

  constructor(port: number, bytes: Buffer | string, reads: boolean) {
    this.socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    this.socket.on('error', () => undefined);
    if (reads) {
      this.socket.setEncoding('latin1').on('data', (text: string) => {
        this.received += text;
      });
    } else this.socket.pause();
    this.socket.write(bytes);
  }

  get statuses(): number[] {
    return [...this.received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  }
}

/** The sockets that the service holds; NaN where the system does not tell. */
function socketsOf({ pid }: Service): number {
  if (process.platform !== 'linux') return Number.NaN;
  const directory = `/proc/${pid}/fd`;
  return readdirSync(directory).filter((fd) => {
    try {
      return readlinkSync(`${directory}/${fd}`).startsWith('socket:');
    } catch {
      // Closed since it was listed.
      return false;
    }
  }).length;
}

/** Posts again and again until the service holds no more than `atRest` sockets. Every post must be stored. */
async function untilReleased(
  service: Service,
  atRest: number,
  patienceMs = RELEASE_PATIENCE_MS,
): Promise<void> {
  const end = Date.now() + patienceMs;
  while (socketsOf(service) > atRest) {
    assert.ok(Date.now() < end, `${socketsOf(service) - atRest} sockets are still held`);
    await service.store(message());
    await sleep(50);
  }
}

/** Opens `count` clients, every `reading`th of which reads. */
async function openClients(
  t: TestContext,
  { port }: Service,
  { count, bytes }: Pick<Kind, 'count' | 'bytes'>,
  reading: number,
): Promise<Client[]> {
  const clients = Array.from(
    { length: count },
    (_, index) => new Client(port, bytes, index % reading === 0),
  );
  t.after(() => {
    for (const { socket } of clients) socket.destroy();
  });
  for (const { socket } of clients) while (socket.connecting) await sleep(10);
  return clients;
}

const onLinux = process.platform === 'linux' ? false : 'needs /proc';

describe('a client that does not close', { concurrency: true, skip: onLinux }, () => {
  it('has its socket released however it stalls, and posts are stored all the while', async (t) => {
    const service = await startService(t);
    const atRest = socketsOf(service);
    const crowds = await Promise.all(
      KINDS.map(async (kind) => ({ kind, clients: await openClients(t, service, kind, 2) })),
    );
    await untilReleased(service, atRest);
    for (const { kind, clients } of crowds) {
      const reading = clients.filter((_, index) => index % 2 === 0);
      for (const { statuses } of reading) assert.deepEqual(statuses, kind.statuses, kind.name);
      for (const { socket } of clients) assert.ok(!socket.writableEnded, 'none of them closed');
    }
  });

  it('and never reads has its socket released, however much it is owed', async (t) => {
    const service = await startService(t);
    // As JSON each of these characters takes six bytes: three pages are more than the system keeps for a connection.
    const text = '\u0001'.repeat(4_096);
    for (let count = 0; count < 100; count += 1) await service.store(message({ text }));
    const page = head('GET', '/messages?limit=100');
    const last = head('GET', '/messages?limit=100', [['Connection', 'close']]);
    const atRest = socketsOf(service);
    for (const end of [
      last,
      page,
      Buffer.concat([last, Buffer.from('x')]),
      Buffer.from('x\r\n\r\n'),
    ]) {
      const bytes = Buffer.concat([page, page, end]);
      await openClients(t, service, { count: 4, bytes }, Number.POSITIVE_INFINITY);
    }
    assert.ok(socketsOf(service) > atRest);
    await untilReleased(service, atRest);
  });

  it('and goes on sending after its last answer has its socket released', async (t) => {
    const service = await startService(t);
    const atRest = socketsOf(service);
    const sending = KINDS.filter(({ name }) => /too long|not speak|chunks|without end/.test(name));
    for (const { bytes } of sending) {
      for (const { socket } of await openClients(t, service, { count: 20, bytes }, 2)) {
        const timer = setInterval(() => socket.write(' '), 100);
        socket.once('close', () => clearInterval(timer));
      }
    }
    await untilReleased(service, atRest, LAST_PATIENCE_MS);
  });

  for (const name of ['body', 'headers']) {
    it(`and sends the rest of its ${name} after the 408 has nothing stored`, async (t) => {
      const service = await startService(t);
      const from = uniqueNumber();
      const body = bytesOf(message({ from, text: null }));
      const bytes = webhookBytes(body, [sign(body)], [['X-Request-ID', 'too-late']]);
      const wire = await openWire(t, service.port);
      const missing = name === 'body' ? 1 : body.length + 10;
      wire.write(bytes.subarray(0, -missing));
      // Until a body has taken too long, nothing comes for half a minute.
      if (name === 'body') await sleep(20_000);
      const answer = await wire.reply();
      assert.deepEqual([answer.status, answer.headers['connection']], [408, 'close']);
      assert.equal(answer.body.toString(), '{"detail":"Request Timeout"}');
      wire.write(bytes.subarray(-missing));
      await wire.close();
      assert.equal((await service.page(`?from=${from}`)).total, 0);
      await service.stop();
      const lines = service.output.requests().filter(({ request_id }) => request_id === 'too-late');
      assert.deepEqual(
        lines.map(({ status }) => status),
        name === 'body' ? [408] : [],
      );
    });
  }
});
