// `npm run bench:forward`: how fast stored items reach destinations, how soon, and what that costs ingest, memory and the start.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Receiver, forwardingTo, startReceiver } from './destinations.ts';
import { copyTable, filledTable } from './fill.ts';
import { underLoad } from './ingest-run.ts';
import { runPaced } from './paced.ts';
import { memory } from './process-figures.ts';
import {
  mean,
  printTable,
  progress,
  readNumbers,
  readOptions,
  shown,
  workingDirectory,
  writeResults,
} from './report.ts';
import { writeRequests } from './requests.ts';
import { type Server, startService } from './server.ts';

const POLL_MS = 50;
/** Behind and under load for so long before its memory is read. */
const MEMORY_SECONDS = 15;

const options = readOptions({
  rows: '60000',
  behind: '1000000',
  seconds: '6',
  rounds: '3',
  connections: '64',
  rate: '500',
  'rate-max': '30000',
  parts: 'rate,latency,ingest,behind',
});
const [rows = 0] = readNumbers(options.rows);
const [behind = 0] = readNumbers(options.behind);
const [seconds = 0] = readNumbers(options.seconds);
const [rounds = 0] = readNumbers(options.rounds);
const [connections = 0] = readNumbers(options.connections);
const [rate = 0] = readNumbers(options.rate);
const [rateMax = 0] = readNumbers(options['rate-max']);
const directory = workingDirectory();
const PARTS: Readonly<Record<string, () => Promise<Record<string, unknown>>>> = {
  rate: measureRates,
  latency: measureLatency,
  ingest: measureIngest,
  behind: measureBehind,
};

const figures: Record<string, unknown> = {};
for (const part of options.parts.split(',')) {
  const measure = PARTS[part];
  if (measure === undefined) throw new Error(`${part} is no part`);
  figures[part] = await measure();
  printTable(
    part,
    ['', 'figure'],
    Object.entries(figures[part] as Record<string, number>).map(([name, value]) => [
      name,
      shown(value),
    ]),
  );
}
progress(writeResults('forward', { options, ...figures }));

/** Items a second of a backlog, to all destinations together. */
async function measureRates(): Promise<Record<string, number>> {
  return {
    'one destination, at once': await backlogRate(1, 0, {}),
    'one destination, 100 ms': await backlogRate(1, 100, {}),
    'one destination, 100 ms, 64 in flight': await backlogRate(1, 100, { CONCURRENCY: '64' }),
    'eight destinations, at once': await backlogRate(8, 0, {}),
  };
}

async function backlogRate(
  count: number,
  delayMs: number,
  settings: Readonly<Record<string, string>>,
): Promise<number> {
  const path = tableOf(rows);
  const receivers = await Promise.all(Array.from({ length: count }, () => startReceiver(delayMs)));
  const server = await startService(path, 'null', undefined, forwardingTo(receivers, settings));
  const startMs = performance.now();
  const startCount = await counted(receivers);
  let now = startCount;
  while (now < rows * count && performance.now() - startMs < seconds * 1_000) {
    await sleep(POLL_MS);
    now = await counted(receivers);
  }
  const perSecond = (now - startCount) / ((performance.now() - startMs) / 1_000);
  progress(`${count} destinations, ${delayMs} ms: ${shown(perSecond)}/s`);
  await server.stop();
  for (const receiver of receivers) receiver.end();
  return perSecond;
}

/** From the arrival of a post to that at the destination, at a steady rate. */
async function measureLatency(): Promise<Record<string, number>> {
  const receiver = await startReceiver(0);
  const path = join(directory, 'latency.db');
  const server = await startService(path, 'null', undefined, forwardingTo([receiver]));
  await runPaced(server.url, rate, 2);
  await receiver.figures();
  await runPaced(server.url, rate, seconds);
  await sleep(500);
  const { p50_ms, p99_ms } = await receiver.figures();
  await server.stop();
  receiver.end();
  return { p50_ms, p99_ms, per_second: rate };
}

/** Posts a second with forwarding and without, in turns. */
async function measureIngest(): Promise<Record<string, number>> {
  const turns: { forwards: boolean; perSecond: number; p99: number; arrived: number }[] = [];
  for (let turn = 0; turn < 2 * rounds; turn += 1) {
    const file = join(directory, `requests-${turn}`);
    writeRequests(file, rateMax * seconds, rateMax, turn + 1);
    // Every other round begins with forwarding.
    const forwards = turn % 4 === 1 || turn % 4 === 2;
    const receiver = await startReceiver(0);
    const settings = forwards ? forwardingTo([receiver]) : {};
    const path = join(directory, `ingest-${turn}.db`);
    const server = await startService(path, 'null', undefined, settings);
    const load = await underLoad(server, { file, use: 'once', seconds }, connections);
    const { count: arrived } = await receiver.figures();
    turns.push({ forwards, perSecond: load.requests_per_second, p99: load.p99_ms, arrived });
    progress(
      `forwarding ${forwards}: ${shown(load.requests_per_second)} posts/s, ${arrived} arrived`,
    );
    await server.stop();
    receiver.end();
    rmSync(file);
  }
  const of = (forwards: boolean, figure: 'perSecond' | 'p99' | 'arrived'): number =>
    mean(turns.filter((turn) => turn.forwards === forwards).map((turn) => turn[figure]));
  return {
    'posts/s without': of(false, 'perSecond'),
    'posts/s with': of(true, 'perSecond'),
    'ratio, %': (100 * of(true, 'perSecond')) / of(false, 'perSecond'),
    'p99 ms without': of(false, 'p99'),
    'p99 ms with': of(true, 'p99'),
    'arrived meanwhile': of(true, 'arrived'),
  };
}

/** The start and the memory with so many items behind, and without forwarding. */
async function measureBehind(): Promise<Record<string, number>> {
  const path = tableOf(behind);
  const receiver = await startReceiver(0);
  const without = await startService(path, 'null');
  await sleep(MEMORY_SECONDS * 1_000);
  const { rss_mib: idle } = memory(without.pid);
  await without.stop();
  const server: Server = await startService(path, 'null', undefined, forwardingTo([receiver]));
  await sleep(MEMORY_SECONDS * 1_000);
  const { peak_rss_mib: peak } = memory(server.pid);
  const { count } = await receiver.figures();
  await server.stop();
  receiver.end();
  return {
    'ready ms without': without.readyMs,
    'ready ms with': server.readyMs,
    'RSS MiB without': idle,
    'peak RSS MiB with': peak,
    'forwarded meanwhile': count,
  };
}

function tableOf(count: number): string {
  const path = join(directory, 'app.db');
  for (const end of ['', '-wal', '-shm', '-index']) rmSync(`${path}${end}`, { force: true });
  copyTable(filledTable(count).path, path);
  return path;
}

async function counted(receivers: readonly Receiver[]): Promise<number> {
  const all = await Promise.all(receivers.map((receiver) => receiver.figures()));
  return all.reduce((sum, { count }) => sum + count, 0);
}
