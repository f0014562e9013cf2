// What people write themselves: a plain Fastify server and a pool of `pg`. It verifies, then inserts each message by itself.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { createRequire } from 'node:module';
import { Pool } from 'pg';
import type { Message } from '../app/model/message.ts';

/** As much of Fastify as is used: its own types are there only after `make test` has installed it. */
interface FastifyServer {
  addContentTypeParser(
    type: string,
    options: { parseAs: 'buffer' },
    parser: (request: unknown, body: Buffer, done: (error: null, body: Buffer) => void) => void,
  ): void;
  get(path: string, handler: () => string): void;
  post(
    path: string,
    handler: (request: Request, reply: { code(status: number): void }) => Promise<object>,
  ): void;
  listen(options: { host: string; port: number }): Promise<string>;
}

interface Request {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const POOL_CONNECTIONS = 20;
const INSERT = `INSERT INTO messages (message_id, from_msisdn, to_msisdn, ts, text)
  VALUES ($1, $2, $3, $4, $5) ON CONFLICT (message_id) DO NOTHING`;

const secret = process.env['WEBHOOK_SECRET'] ?? '';
const packagesOfTests = createRequire(new URL('../tests/package.json', import.meta.url));
const { fastify } = packagesOfTests('fastify') as { fastify: () => FastifyServer };
const pool = new Pool({
  connectionString: process.env['DATABASE_URL'],
  max: POOL_CONNECTIONS,
});
await pool.query(`CREATE TABLE messages (
  message_id text PRIMARY KEY, from_msisdn text NOT NULL, to_msisdn text NOT NULL,
  ts text NOT NULL, text text, created_at timestamptz NOT NULL DEFAULT now())`);

const server = fastify();
// The signature is of the bytes as they came.
server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_, body, done) =>
  done(null, body),
);
server.post('/webhook', async ({ headers, body }, reply) => {
  if (!isSigned(body, headers['x-signature'])) {
    reply.code(401);
    return { detail: 'invalid signature' };
  }
  const { message_id, from, to, ts, text } = JSON.parse(body.toString('utf8')) as Message;
  await pool.query(INSERT, [message_id, from, to, ts, text]);
  return { status: 'ok' };
});
// For the benchmark alone.
server.get('/health/ready', () => 'ready');
server.get('/metrics', () => '');
await server.listen({ host: '127.0.0.1', port: Number(process.env['PORT']) });

function isSigned(body: Buffer, signature: string | string[] | undefined): boolean {
  const expected = createHmac('sha256', secret).update(body).digest();
  return timingSafeEqual(expected, Buffer.from(String(signature), 'hex'));
}
