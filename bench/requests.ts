// The load as a file: whole requests, signed, each with an id of its own; six digits of length before each.
import { createHmac } from 'node:crypto';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import type { Message } from '../app/model/message.ts';
import { Corpus } from './corpus.ts';
import { progressPart } from './report.ts';

export const SECRET = 'bench-secret-of-no-value';
/** Digits of the length before each request. The Lua script knows the number too. */
export const LENGTH_DIGITS = 6;
const WRITE_BYTES = 4_194_304;
const READ_BYTES = 8_388_608;

/** `keep-alive`: each request says `Connection: keep-alive`, as most clients do. `none`: it has no such header. */
export type ConnectionHeader = 'keep-alive' | 'none';

/**
 * Writes `count` signed requests. Instants start now and advance a second every `perSecond` messages,
 * as they would come from a live provider.
 */
export function writeRequests(
  file: string,
  count: number,
  perSecond: number,
  seed: number,
  connection: ConnectionHeader = 'keep-alive',
): void {
  const corpus = new Corpus(seed);
  const startMs = Date.now();
  const descriptor = openSync(file, 'w');
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  const flush = (): void => {
    const bytes = Buffer.concat(pending);
    for (let written = 0; written < bytes.length;) {
      written += writeSync(descriptor, bytes, written);
    }
    pending = [];
    pendingBytes = 0;
  };
  for (let index = 0; index < count; index += 1) {
    const record = recordOf(corpus.message(startMs + (index / perSecond) * 1_000), connection);
    pending.push(record);
    pendingBytes += record.length;
    if (pendingBytes >= WRITE_BYTES) {
      flush();
      progressPart('requests written', index + 1, count);
    }
  }
  flush();
  closeSync(descriptor);
}

function recordOf(message: Message, connection: ConnectionHeader): Buffer {
  const body = Buffer.from(JSON.stringify(message), 'utf8');
  const signature = createHmac('sha256', SECRET).update(body).digest('hex');
  const head = Buffer.from(
    'POST /webhook HTTP/1.1\r\nHost: 127.0.0.1\r\n' +
      (connection === 'keep-alive' ? 'Connection: keep-alive\r\n' : '') +
      'Content-Type: application/json\r\n' +
      `X-Signature: ${signature}\r\nContent-Length: ${body.length}\r\n\r\n`,
  );
  const length = String(head.length + body.length).padStart(LENGTH_DIGITS, '0');
  return Buffer.concat([Buffer.from(length), head, body]);
}

/** Returns the requests of a file one by one, without the digits before them. */
export function* readRequests(file: string): Generator<Buffer, undefined> {
  const descriptor = openSync(file, 'r');
  try {
    let rest = Buffer.alloc(0);
    for (;;) {
      const chunk = Buffer.allocUnsafe(READ_BYTES);
      const bytes = readSync(descriptor, chunk, 0, READ_BYTES, null);
      if (bytes === 0) return undefined;
      rest = Buffer.concat([rest, chunk.subarray(0, bytes)]);
      let start = 0;
      while (start + LENGTH_DIGITS <= rest.length) {
        const from = start + LENGTH_DIGITS;
        const end = from + Number(rest.toString('latin1', start, from));
        if (end > rest.length) break;
        yield rest.subarray(from, end);
        start = end;
      }
      rest = rest.subarray(start);
    }
  } finally {
    closeSync(descriptor);
  }
}
