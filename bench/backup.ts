// Ingest with and without backups running, in turns: how much slower, what the WAL grows to, how long the copy takes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type LoadFigures, runLoad } from './load.ts';
import {
  mean,
  printTable,
  progress,
  readOptions,
  shown,
  workingDirectory,
  writeResults,
} from './report.ts';
import { writeRequests } from './requests.ts';
import { scrape, startService } from './server.ts';

const USAGE = `npm run bench:backup -- [--rows 1000000] [--seconds 20] [--turns 2] [--connections 32]
  [--database FILE]     a filled database to measure on a copy of, instead of a table of that many rows
  [--against DIR,...]   other checkouts, whose "oncebox backup" is measured beside this one's
`;
/** More than the service takes in a second, so that no load runs out of requests. */
const REQUESTS_A_SECOND = 20_000;
const SAMPLE_MS = 50;
const ALONE = 'no backup';
const OWN = 'this checkout';

interface Copy {
  readonly copySeconds: number;
  readonly checkSeconds: number;
}

interface Turn {
  readonly kind: string;
  readonly load: LoadFigures;
  readonly walBytesMax: number;
  readonly copies: readonly Copy[];
  /** Backups that ended otherwise than well; they say why on stderr. */
  readonly failed: number;
}

/** Makes one backup after another until it is stopped; the last one is finished. */
class Backups {
  readonly #program: string;
  readonly #source: string;
  #stopped = false;
  readonly copies: Copy[] = [];
  failed = 0;

  constructor(checkout: string, source: string) {
    this.#program = join(checkout, 'app/cli/oncebox.ts');
    this.#source = source;
  }

  async run(): Promise<void> {
    const target = `${this.#source}-copy`;
    const args = ['backup', '--json', '--force', '--database', this.#source, target];
    while (!this.#stopped) {
      const child = spawn(process.execPath, [this.#program, ...args], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [output] = await Promise.all([text(child.stdout), once(child, 'close')]);
      if (child.exitCode === 0) this.copies.push(JSON.parse(output) as Copy);
      else this.failed += 1;
    }
  }

  stop(): void {
    this.#stopped = true;
  }
}

const options = readOptions({
  rows: '1000000',
  seconds: '20',
  turns: '2',
  connections: '32',
  database: '',
  against: '',
  help: false,
});
if (options.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const seconds = Number(options.seconds);
const connections = Number(options.connections);
const directory = workingDirectory();
const others = options.against.split(',').filter((name) => name !== '');
const checkouts = new Map([
  [OWN, fileURLToPath(new URL('..', import.meta.url))],
  ...others.map((name) => [name, name] as const),
]);
const source = await filledDatabase();
const turns: Turn[] = [];
const kinds = [ALONE, ...checkouts.keys()];
for (let count = 0; count < Number(options.turns); count += 1)
  // Each round starts with the next kind, so that a change of the machine's speed falls on all of them.
  for (const at of kinds.keys())
    await turn(kinds[(at + count) % kinds.length] ?? ALONE, turns.length + 1);
report();

async function filledDatabase(): Promise<string> {
  if (options.database !== '') return options.database;
  const { filledTable } = await import('./fill.ts');
  return filledTable(Number(options.rows)).path;
}

/** A service of its own on a fresh copy: its WAL starts empty, and every turn has the same rows before it. */
async function turn(kind: string, seed: number): Promise<void> {
  progress(`turn ${seed}: ${kind}`);
  const home = join(directory, `turn-${seed}`);
  mkdirSync(home);
  const requests = join(home, 'requests');
  writeRequests(requests, seconds * REQUESTS_A_SECOND, REQUESTS_A_SECOND, seed);
  const path = join(home, 'app.db');
  for (const suffix of ['', '-index'])
    if (existsSync(source + suffix)) copyFileSync(source + suffix, path + suffix);
  const server = await startService(path, 'null');
  try {
    await indexed(server.url);
    turns.push({ kind, ...(await measure(kind, path, requests, server.url)) });
  } finally {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

async function measure(
  kind: string,
  path: string,
  file: string,
  url: string,
): Promise<Omit<Turn, 'kind'>> {
  let walBytesMax = 0;
  const sampler = setInterval(() => {
    const size = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    walBytesMax = Math.max(walBytesMax, size);
  }, SAMPLE_MS);
  const checkout = checkouts.get(kind);
  const backups = checkout === undefined ? null : new Backups(checkout, path);
  const running = backups?.run();
  const load = await runLoad({ url, file, use: 'once', connections, seconds });
  clearInterval(sampler);
  backups?.stop();
  await running;
  if (load.refused + load.unconnected + load.broken + load.late > 0)
    throw new Error(`not every post was taken: ${JSON.stringify(load)}`);
  return { load, walBytesMax, copies: backups?.copies ?? [], failed: backups?.failed ?? 0 };
}

/** The search index is the last to hold every message; filling it would weigh on the turn. */
async function indexed(url: string): Promise<void> {
  for (;;) {
    const backlog = (await scrape(url)).get('oncebox_search_backlog_messages') ?? 0;
    if (backlog === 0) return;
    progress(`index: ${backlog} to go`);
    await sleep(200);
  }
}

function report(): void {
  const rate = ({ load }: Turn): number => load.requests / load.seconds;
  const averageOf = ({ copies }: Turn, name: keyof Copy): string =>
    copies.length === 0 ? '-' : shown(mean(copies.map((one) => one[name])));
  printTable(
    `ingest with and without backups: ${connections} connections, turns of ${seconds} s`,
    [
      'turn',
      'posts/s',
      'p50 ms',
      'p99 ms',
      'max ms',
      'WAL MB',
      'backups',
      'failed',
      'copy s',
      'check s',
    ],
    turns.map((one) => [
      one.kind,
      shown(rate(one)),
      shown(one.load.p50_ms),
      shown(one.load.p99_ms),
      shown(one.load.max_ms),
      shown(one.walBytesMax / 1e6),
      String(one.copies.length),
      String(one.failed),
      averageOf(one, 'copySeconds'),
      averageOf(one, 'checkSeconds'),
    ]),
  );
  const of = (kind: string): number => mean(turns.filter((one) => one.kind === kind).map(rate));
  const ratios = Object.fromEntries(
    [...checkouts.keys()].map((kind) => [kind, of(kind) / of(ALONE)]),
  );
  for (const [kind, ratio] of Object.entries(ratios))
    process.stdout.write(`${kind}, beside ${ALONE}: ${ratio.toFixed(3)} of the posts\n`);
  progress(`figures: ${writeResults('backup', { options, ratios, turns })}`);
  process.stderr.write('\n');
}
