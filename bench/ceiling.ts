// The ceiling: a bare node:http server that reads, verifies and parses each webhook, stores nothing, and gives the same answer.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const secret = process.env['WEBHOOK_SECRET'] ?? '';
const ANSWER = '{"status":"ok"}';

// As the service has it, so that no idle connection of the load is closed.
const KEEP_ALIVE_TIMEOUT_MS = 65_000;

createServer({ keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    const status = request.method === 'GET' || accepted(body, request.headers['x-signature']);
    response.writeHead(status ? 200 : 401, {
      'Content-Type': 'application/json',
      'Content-Length': ANSWER.length,
    });
    response.end(ANSWER);
  });
}).listen(Number(process.env['PORT']), '127.0.0.1');

function accepted(body: Buffer, signature: string | string[] | undefined): boolean {
  const expected = createHmac('sha256', secret).update(body).digest();
  if (!timingSafeEqual(expected, Buffer.from(String(signature), 'hex'))) return false;
  const message = JSON.parse(body.toString('utf8')) as { message_id: unknown };
  return typeof message.message_id === 'string';
}
