// The load generator for machines without wrk: raw sockets, one request in flight on each.
import { type Socket, connect } from 'node:net';
import type { LoadFigures } from './load.ts';
import { readRequests } from './requests.ts';

const [url = '', file = '', use = '', connections = '', seconds = ''] = process.argv.slice(2);
const { hostname, port } = new URL(url);
let requests = readRequests(file);
const latenciesMs: number[] = [];
let refused = 0;
let unconnected = 0;
let broken = 0;
let endMs = 0;

function next(): Buffer {
  let result = requests.next();
  if (result.done === true && use === 'again') {
    requests = readRequests(file);
    result = requests.next();
  }
  if (result.done === true) throw new Error('the file of requests ran out');
  return result.value;
}

/** Sends requests one after another until the time is up; what is in flight then is waited for. */
function client(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket: Socket = connect({ host: hostname, port: Number(port), noDelay: true });
  let answer = '';
  let sentMs = 0;
  const send = (): void => {
    sentMs = performance.now();
    if (sentMs >= endMs) socket.end();
    else socket.write(next());
  };
  socket.setEncoding('latin1');
  socket.on('connect', send);
  socket.on('data', (chunk: string) => {
    answer += chunk;
    const head = answer.indexOf('\r\n\r\n');
    if (head === -1) return;
    const length = /\r\ncontent-length: ([0-9]+)/i.exec(answer)?.[1] ?? '0';
    if (answer.length < head + 4 + Number(length)) return;
    latenciesMs.push(performance.now() - sentMs);
    if (Number(answer.slice(9, 12)) > 399) refused += 1;
    answer = '';
    send();
  });
  socket.on('error', () => {
    if (sentMs === 0) unconnected += 1;
    else broken += 1;
  });
  socket.on('close', () => resolve());
  return promise;
}

function percentile(sorted: Float64Array, percent: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0;
}

const startMs = performance.now();
endMs = startMs + Number(seconds) * 1_000;
await Promise.all(Array.from({ length: Number(connections) }, client));
const sorted = Float64Array.from(latenciesMs).toSorted();
const figures: LoadFigures = {
  requests: sorted.length,
  seconds: (performance.now() - startMs) / 1_000,
  refused,
  unconnected,
  broken,
  late: 0,
  p50_ms: percentile(sorted, 50),
  p99_ms: percentile(sorted, 99),
  p999_ms: percentile(sorted, 99.9),
  max_ms: sorted.at(-1) ?? 0,
};
process.stdout.write(`RESULT ${JSON.stringify(figures)}\n`);
