// An application that Oncebox forwards to: it verifies each request, and counts the items of each sender, each item exactly once.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { type IncomingHttpHeaders, type IncomingMessage, createServer } from 'node:http';
import { DatabaseSync } from 'node:sqlite';

const { SECRET = '', FILE = 'receiver.db', PORT = '3000' } = process.env;
const key = Buffer.from(SECRET.replace('whsec_', ''), 'base64');
const db = new DatabaseSync(FILE);
db.exec(`CREATE TABLE IF NOT EXISTS received (id TEXT PRIMARY KEY);
         CREATE TABLE IF NOT EXISTS totals (sender TEXT PRIMARY KEY, items INTEGER)`);
const remember = db.prepare('INSERT OR IGNORE INTO received VALUES (?)');
const count = db.prepare(
  'INSERT INTO totals VALUES (?, 1) ON CONFLICT DO UPDATE SET items = items + 1',
);

function isSigned(headers: IncomingHttpHeaders, body: Buffer): boolean {
  const valueOf = (name: string): string => String(headers[`webhook-${name}`]);
  const time = valueOf('timestamp');
  if (!(Math.abs(Date.now() / 1_000 - Number(time)) <= 300)) return false;
  const hash = createHmac('sha256', key)
    .update(`${valueOf('id')}.${time}.`)
    .update(body);
  const right = Buffer.from(`v1,${hash.digest('base64')}`);
  const given = valueOf('signature').split(' ');
  return given
    .map((signature) => Buffer.from(signature))
    .some((one) => one.length === right.length && timingSafeEqual(one, right));
}

async function receive(request: IncomingMessage): Promise<number> {
  const body = Buffer.concat((await request.toArray()) as Buffer[]);
  if (!isSigned(request.headers, body)) return 401;
  const id = String(request.headers['webhook-id']);
  const { data } = JSON.parse(String(body)) as { data: { from?: string; source: string } };
  db.exec('BEGIN IMMEDIATE');
  const isNew = remember.run(id).changes === 1;
  // What the application does with an item is part of the transaction that remembers its id.
  if (isNew) count.run(data.from ?? data.source);
  db.exec('COMMIT');
  process.stdout.write(`${isNew ? 'received' : 'repeated'} ${id}\n`);
  return 204;
}

function failed(error: unknown): number {
  process.stderr.write(`${String(error)}\n`);
  if (db.isTransaction) db.exec('ROLLBACK');
  return 500;
}

const server = createServer((request, response) => {
  void receive(request)
    .catch(failed)
    .then((status) => response.writeHead(status).end());
});
server.listen(Number(PORT), '127.0.0.1', () => process.stdout.write('ready\n'));
