// An application that takes what is forwarded, in a process of its own: answers after a delay, and counts.
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

const [delayMs = 0] = process.argv.slice(2).map(Number);
/** Milliseconds from the arrival of an item at Oncebox to its arrival here, by the clock that both share. */
let ages: number[] = [];
let count = 0;

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    const sorted = ages.toSorted((one, other) => one - other);
    const at = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? 0;
    response.end(JSON.stringify({ count, p50_ms: at(0.5), p99_ms: at(0.99) }));
    ages = [];
    return;
  }
  void take(request, response);
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, receivedAt = ''] = /"received_at":"([^"]+)"/.exec(await text(request)) ?? [];
  ages.push(Date.now() - Date.parse(receivedAt));
  count += 1;
  setTimeout(() => response.end(), delayMs);
}
