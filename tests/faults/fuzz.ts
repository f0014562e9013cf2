// Generates requests from random bytes to nearly valid ones and sends them over many connections.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { PATIENCE_MS } from '../support/bounded.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { parseExposition } from '../support/exposition.ts';
import type { Sample } from '../support/exposition.ts';
import { message, sign } from '../support/message.ts';
import type { Service } from '../support/service.ts';

const CONNECTIONS = 16;
/** A broken request may have announced more than it sends: its connection is not waited for much longer than this. */
const BROKEN_MS = 500;
const REQUESTS_A_CONNECTION = 60;

const NASTY = [
  '',
  ' ',
  '+',
  '%',
  '%00',
  '%zz',
  '%ff',
  '+1',
  '-1',
  '0',
  '1e3',
  '99999999999999999999',
  'null',
  '2025-01-15T10:00:00Z',
  '2025-02-30T10:00:00Z',
  '\u0000',
  '\uD800',
  '😀'.repeat(50),
  "' OR 1=1 --",
  '"',
  '\\',
  '*',
  '{}',
  '[]',
  'é',
  'x'.repeat(5_000),
  '0x10',
  '１２',
  '../../etc/passwd',
  '<script>',
  '\r\nSet-Cookie: a=b',
  '\n{"level":"INFO"}',
] as const;
const PATHS = ['/messages', '/stats', '/webhook', '/metrics', '/health/live', '/none', '/', '//'];
const METHODS = ['GET', 'GET', 'GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE'];
const PARAMETERS = ['limit', 'offset', 'from', 'since', 'q', 'cursor', 'nonsense', '', '__proto__'];

export interface FuzzFigures {
  /** Those that the service has counted. */
  requests: number;
  /** How they ended, by the label `status`. */
  statuses: Record<string, number>;
}

/** Sends `count` requests. Rejects when one ends in a 5xx or the service stops answering. */
export async function fuzz(t: Cleaner, service: Service, count: number): Promise<FuzzFigures> {
  const before = await countedBy(service);
  let sent = 0;
  const lanes = Array.from({ length: CONNECTIONS }, async () => {
    while (sent < count) {
      const requests = Array.from({ length: REQUESTS_A_CONNECTION }, generate);
      sent += requests.length;
      await sendAll(t, service.port, Buffer.concat(requests), PATIENCE_MS);
      // By itself, since it ends its connection, and with it the answers that are still to come there.
      await sendAll(t, service.port, generateBroken(), BROKEN_MS);
    }
  });
  await Promise.all(lanes);
  assert.equal((await service.get('/health/ready')).status, 200);
  const after = await countedBy(service);
  // Routes, common methods and statuses are few; what a caller makes up adds none.
  assert.ok(after.length - before.length < 200, `${after.length} label sets`);
  const figures: FuzzFigures = { requests: 0, statuses: {} };
  for (const { labels, value } of after) {
    const status = String(labels['status']);
    // Too many reads at once are the one 5xx that load alone may bring.
    assert.ok(Number(status) < 500 || status === '503', `${value} times ${status}`);
    figures.requests += value;
    figures.statuses[status] = (figures.statuses[status] ?? 0) + value;
  }
  return figures;
}

async function countedBy(service: Service): Promise<Sample[]> {
  const families = parseExposition((await service.get('/metrics')).text);
  return families.get('http_requests_total')?.samples ?? [];
}

/** What HTTP allows, whatever it may hold: the next request of its connection is read as well. */
function generate(): Buffer {
  if (Math.random() < 0.5) return request('POST', '/webhook', body());
  return request(pick(METHODS), `${pick(PATHS)}?${queryString()}`, body());
}

/** What may end the connection. */
function generateBroken(): Buffer {
  if (Math.random() < 0.3) return randomBytes(Math.floor(Math.random() * 200));
  if (Math.random() < 0.5) return request(pick(['BREW', 'get', 'GET /']), pick(NASTY), body());
  return mutate(generate());
}

function request(method: string, path: string, content: Buffer): Buffer {
  const signature =
    Math.random() < 0.9 ? sign(content) : encodeURIComponent(pick(NASTY).toWellFormed());
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: a',
    `X-Signature: ${signature}`,
    `X-Request-ID: ${encodeURIComponent(pick(NASTY).toWellFormed())}`,
    `Content-Length: ${content.length}`,
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), content]);
}

function queryString(): string {
  return Array.from({ length: Math.floor(Math.random() * 4) }, () => {
    const value = pick(NASTY).toWellFormed();
    return `${pick(PARAMETERS)}=${/^[!-~]*$/.test(value) ? value : encodeURIComponent(value)}`;
  }).join('&');
}

/** A message with a field or more replaced by something nasty; sometimes with its bytes changed, cut or nested deep. */
function body(): Buffer {
  const draft = message();
  for (const field of ['message_id', 'from', 'to', 'ts', 'text'])
    if (Math.random() < 0.3) draft[field] = nasty();
  const bytes = Buffer.from(JSON.stringify(draft));
  const kind = Math.random();
  if (kind < 0.1) return mutate(bytes);
  if (kind < 0.15) return bytes.subarray(0, Math.floor(Math.random() * bytes.length));
  return kind < 0.17 ? Buffer.from('['.repeat(20_000)) : bytes;
}

function nasty(): unknown {
  const value = pick(NASTY);
  return pick([value, Number(value), null, [value], { [value]: value }, true, undefined]);
}

function mutate(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let change = 0; change < 3 && copy.length > 0; change += 1)
    copy[Math.floor(Math.random() * copy.length)] = Math.floor(Math.random() * 256);
  return copy;
}

function pick<T>(from: readonly T[]): T {
  return from[Math.floor(Math.random() * from.length)] as T;
}

/** Sends bytes over a connection of their own and waits until it ends. */
function sendAll(t: Cleaner, port: number, bytes: Buffer, waitMs: number): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port });
  t.after(() => {
    socket.destroy();
  });
  return new Promise((resolve) => {
    socket.resume();
    socket.on('error', () => undefined);
    socket.setTimeout(waitMs, () => socket.destroy());
    socket.once('close', () => resolve());
    socket.end(bytes);
  });
}
