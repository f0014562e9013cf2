// `npm run bench:streams`: what clients of the stream cost ingest: the same load with and without them, in turns.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fsyncSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type IngestFigures, underLoad } from './ingest-run.ts';
import { GENERATOR } from './load.ts';
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
import { scrape, startService } from './server.ts';

const MIB = 1_048_576;
const WARM_UP_SECONDS = 2;
const OPEN_TIMEOUT_MS = 20_000;
const POLL_MS = 50;

interface Turn {
  readonly clients: number;
  readonly ingest: IngestFigures;
  /** Written to all clients, MiB a second. */
  readonly mib_per_second: number;
  readonly commit_ms_mean: number;
  readonly wal_bytes: number;
  /** Messages that a client lacks when the load ends. */
  readonly behind: number;
}

const options = readOptions({
  seconds: '4',
  connections: '64',
  clients: '100',
  rounds: '3',
  apart: '0',
  'rate-max': '16000',
});
const [seconds = 0] = readNumbers(options.seconds);
const [connections = 0] = readNumbers(options.connections);
const [clients = 0] = readNumbers(options.clients);
const [rounds = 0] = readNumbers(options.rounds);
const [rateMax = 0] = readNumbers(options['rate-max']);
/** Messages between the places where clients begin: as when they all come back after a while. */
const apart = Number(options.apart);
const directory = workingDirectory();

// Written before anything is measured.
const files = [WARM_UP_SECONDS, ...Array.from({ length: 2 * rounds }, () => seconds)].map(
  (length, index) => {
    const file = join(directory, `requests-${index}`);
    writeRequests(file, rateMax * length, rateMax, index + 1);
    // Else the disk would write them while the first turns are measured.
    const descriptor = openSync(file, 'r+');
    fsyncSync(descriptor);
    closeSync(descriptor);
    return file;
  },
);
const server = await startService(join(directory, 'app.db'), 'null');
await underLoad(
  server,
  { file: files[0] ?? '', use: 'once', seconds: WARM_UP_SECONDS },
  connections,
);
const turns: Turn[] = [];
for (const [index, file] of files.slice(1).entries()) {
  // Every other round begins with the clients, as the table grows from turn to turn.
  const withClients = index % 4 === 1 || index % 4 === 2;
  turns.push(await turn(file, withClients ? clients : 0));
}
await server.stop();
report();

async function turn(file: string, count: number): Promise<Turn> {
  const newest = await stored();
  const streams = count === 0 ? null : await openClients(count, newest);
  const before = await streams?.figures();
  const older = await scrape(server.url);
  const ingest = await underLoad(server, { file, use: 'once', seconds }, connections);
  const after = await streams?.figures();
  const newer = await scrape(server.url);
  const total = await stored();
  await streams?.end();
  progress(`${count} clients: ${shown(ingest.requests_per_second)}/s, p99 ${ingest.p99_ms} ms`);
  const grown = (name: string): number => (newer.get(name) ?? 0) - (older.get(name) ?? 0);
  const duration = 'oncebox_commit_duration_seconds';
  const commits = {
    commit_ms_mean: (grown(`${duration}_sum`) / grown(`${duration}_count`)) * 1_000,
    wal_bytes: newer.get('oncebox_wal_bytes') ?? Number.NaN,
  };
  if (before === undefined || after === undefined)
    return { clients: 0, ingest, ...commits, mib_per_second: 0, behind: 0 };
  if (after.open !== count) throw new Error(`${count - after.open} streams were ended`);
  return {
    clients: count,
    ingest,
    ...commits,
    mib_per_second: (after.bytes - before.bytes) / MIB / seconds,
    behind: total - after.lastId,
  };
}

/** Messages stored, which is the number of the last one where none was deleted. */
async function stored(): Promise<number> {
  const stats = (await (await fetch(`${server.url}/stats`)).json()) as { total_messages: number };
  return stats.total_messages;
}

interface Figures {
  readonly open: number;
  readonly bytes: number;
  readonly lastId: number;
}

interface Clients {
  readonly figures: () => Promise<Figures>;
  readonly end: () => Promise<void>;
}

/** Starts the clients and waits until the stream of each is open. */
async function openClients(count: number, newest: number): Promise<Clients> {
  const program = fileURLToPath(new URL('stream-clients.ts', import.meta.url));
  const parameters = [program, server.url, String(count), String(newest), String(apart)];
  const child: ChildProcess = spawn(process.execPath, parameters, {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('the clients have no pipes');
  const lines = createInterface(stdout);
  const figures = async (): Promise<Figures> => {
    stdin.write('?');
    const [line] = (await once(lines, 'line')) as [string];
    return JSON.parse(line) as Figures;
  };
  const startMs = performance.now();
  while ((await figures()).open < count) {
    if (performance.now() - startMs > OPEN_TIMEOUT_MS) throw new Error('the streams do not open');
    await sleep(POLL_MS);
  }
  return {
    figures,
    end: async () => {
      const ended = once(child, 'close');
      stdin.end();
      await ended;
    },
  };
}

function report(): void {
  const groups = [0, clients].map((count) => turns.filter((one) => one.clients === count));
  const over = (group: readonly Turn[], figure: (one: Turn) => number): number =>
    mean(group.map(figure));
  const [without = [], withClients = []] = groups;
  const rate = ({ ingest }: Turn): number => ingest.requests_per_second;
  const ratio = over(withClients, rate) / over(without, rate);
  printTable(
    `Ingest at ${connections} connections, load by ${GENERATOR}, means of ${rounds} rounds of ${seconds} s`,
    [
      'stream clients',
      'requests/s',
      'p50 ms',
      'p99 ms',
      'commit ms',
      'WAL MiB',
      'RSS MiB',
      'MiB/s sent',
      'behind at the end',
    ],
    groups.map((group) => [
      String(group[0]?.clients ?? 0),
      shown(over(group, rate)),
      shown(over(group, ({ ingest }) => ingest.p50_ms)),
      shown(over(group, ({ ingest }) => ingest.p99_ms)),
      shown(over(group, (one) => one.commit_ms_mean)),
      shown(over(group, (one) => one.wal_bytes / MIB)),
      shown(over(group, ({ ingest }) => ingest.rss_mib)),
      shown(over(group, ({ mib_per_second }) => mib_per_second)),
      shown(over(group, ({ behind }) => behind)),
    ]),
  );
  for (const one of turns)
    process.stdout.write(
      `${one.clients}: ${shown(rate(one))}/s, ${one.ingest.threads.map(({ name, cpu_percent }) => `${name} ${cpu_percent} %`).join(', ')}\n`,
    );
  process.stdout.write(`ingest with clients to ingest without: ${ratio.toFixed(3)}\n`);
  const setting = { generator: GENERATOR, connections, clients, apart, seconds, rounds };
  process.stdout.write(`\n${writeResults('streams', { ...setting, ratio, turns })}\n`);
}
