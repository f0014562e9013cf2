// The two yardsticks of ingest: node:http that verifies and parses, then stores nothing (null server) or durably (durable floor).
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { Worker } from 'node:worker_threads';
import type { Message } from '../app/model/message.ts';

const secret = process.env['WEBHOOK_SECRET'] ?? '';
/** The database file of the durable floor; without it nothing is stored. */
const path = process.env['FLOOR_DATABASE'];
const ANSWER = '{"status":"ok"}';

// As the service has it, so that no idle connection of the load is closed.
const KEEP_ALIVE_TIMEOUT_MS = 65_000;

let commits = 0;
let committed = 0;
const store = path === undefined ? (_: Message, done: () => void) => done() : durableStore(path);

createServer({ keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS }, (request, response) => {
  const answer = (status: number, body = ANSWER): void => {
    response.writeHead(status, {
      'Content-Type': 'application/json',
      'Content-Length': body.length,
    });
    response.end(body);
  };
  if (request.method === 'GET') {
    // For the benchmark alone: whether the server is up, and how many messages a commit had.
    answer(
      200,
      `oncebox_batch_messages_count ${commits}\noncebox_batch_messages_sum ${committed}\n`,
    );
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    const message = isSigned(body, request.headers['x-signature']) ? parsed(body) : null;
    if (message === null) answer(401);
    else store(message, () => answer(200));
  });
}).listen(Number(process.env['PORT']), '127.0.0.1');

function isSigned(body: Buffer, signature: string | string[] | undefined): boolean {
  const expected = createHmac('sha256', secret).update(body).digest();
  return timingSafeEqual(expected, Buffer.from(String(signature), 'hex'));
}

function parsed(body: Buffer): Message | null {
  const message = JSON.parse(body.toString('utf8')) as Message;
  return typeof message.message_id === 'string' ? message : null;
}

/** Returns a function that has a message stored by a thread, and calls `done` once it is committed. */
function durableStore(file: string): (message: Message, done: () => void) => void {
  const writer = new Worker(new URL('./bare-writer.ts', import.meta.url), {
    workerData: file,
    name: 'writer',
  });
  const waiting: (() => void)[] = [];
  let chunk: Message[] = [];
  writer.on('message', (messages: number) => {
    commits += 1;
    committed += messages;
    for (const done of waiting.splice(0, messages)) done();
  });
  return (message, done) => {
    waiting.push(done);
    // What one turn of the event loop brings in goes to the writer together.
    if (chunk.push(message) > 1) return;
    setImmediate(() => {
      writer.postMessage(chunk);
      chunk = [];
    });
  };
}
