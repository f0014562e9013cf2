// Ingest with and without a backup running, in turns on one service: how much slower, and what the log grows to.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filledTable } from './fill.ts';
import { type LoadFigures, runLoad } from './load.ts';
import {
  mean,
  printTable,
  progress,
  readOptions,
  shown,
  warnOfMemory,
  writeResults,
} from './report.ts';
import { writeRequests } from './requests.ts';
import { scrape, startService } from './server.ts';

const USAGE = `npm run bench:backup -- [--rows 200000] [--seconds 6] [--turns 3] [--connections 32] [--rate 50]`;
const ONCEBOX = fileURLToPath(new URL('../app/cli/oncebox.ts', import.meta.url));
/** More than the service takes in a second, so that no load runs out of requests. */
const REQUESTS_A_SECOND = 20_000;
const SAMPLE_MS = 50;

interface Turn {
  readonly kind: 'alone' | 'with a backup';
  readonly load: LoadFigures;
  readonly walBytesMax: number;
  readonly backups: number;
  readonly heldMsMax: number;
}

/** Makes one backup after another until it is told to stop. */
class Backups {
  readonly #source: string;
  readonly #directory: string;
  readonly #rate: string;
  #child: ChildProcess | null = null;
  #stopped = false;
  count = 0;
  heldMsMax = 0;

  constructor(source: string, directory: string, rate: string) {
    this.#source = source;
    this.#directory = directory;
    this.#rate = rate;
  }

  async run(): Promise<void> {
    const target = join(this.#directory, 'copy.db');
    while (!this.#stopped) {
      const args = ['backup', '--json', '--force', '--rate', this.#rate];
      const child = spawn(
        process.execPath,
        [ONCEBOX, ...args, '--database', this.#source, target],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      this.#child = child;
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
      await once(child, 'close');
      if (child.exitCode === 0) {
        this.count += 1;
        const { heldMs } = JSON.parse(output) as { heldMs: number };
        this.heldMsMax = Math.max(this.heldMsMax, heldMs);
      } else if (!this.hasStopped())
        throw new Error(`a backup ended with ${child.exitCode ?? '-'}`);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#child?.kill('SIGTERM');
  }

  hasStopped(): boolean {
    return this.#stopped;
  }
}

const options = readOptions({
  rows: '200000',
  seconds: '6',
  turns: '3',
  connections: '32',
  rate: '50',
  help: false,
});
if (options.help) {
  process.stdout.write(`${USAGE}\n`);
  process.exit(0);
}
const seconds = Number(options.seconds);
const connections = Number(options.connections);
const directory = mkdtempSync(join(tmpdir(), 'oncebox-backup-bench-'));
warnOfMemory(directory);
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

const path = join(directory, 'app.db');
copyFileSync(filledTable(Number(options.rows)).path, path);
const server = await startService(path, 'null');
const turns: Turn[] = [];
try {
  await searchIndexFilled(server.url);
  await turn('alone', 1_000, 2);
  turns.length = 0;
  for (let count = 0; count < Number(options.turns); count += 1) {
    // The order changes, so that what grows with the file weighs on neither.
    const kinds = ['alone', 'with a backup'] as const;
    for (const kind of count % 2 === 0 ? kinds : kinds.toReversed())
      await turn(kind, turns.length + 1, seconds);
  }
} finally {
  await server.stop();
}
report();

/** A filled table comes without its search index, whose filling would weigh on the first turns. */
async function searchIndexFilled(url: string): Promise<void> {
  for (;;) {
    const backlog = (await scrape(url)).get('oncebox_search_backlog_messages') ?? 0;
    if (backlog === 0) return;
    progress(`search index: ${backlog} to go`);
    await new Promise((resolve) => {
      setTimeout(resolve, 200);
    });
  }
}

async function turn(kind: Turn['kind'], seed: number, length: number): Promise<void> {
  progress(`turn ${seed}: ${kind}`);
  const file = join(directory, 'requests');
  writeRequests(file, length * REQUESTS_A_SECOND, REQUESTS_A_SECOND, seed);
  let walBytesMax = 0;
  const sampler = setInterval(() => {
    walBytesMax = Math.max(
      walBytesMax,
      statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0,
    );
  }, SAMPLE_MS);
  const backups = new Backups(path, directory, options.rate);
  const running = kind === 'alone' ? Promise.resolve() : backups.run();
  const load = await runLoad({ url: server.url, file, use: 'once', connections, seconds: length });
  backups.stop();
  await running;
  clearInterval(sampler);
  if (load.refused + load.unconnected + load.broken + load.late > 0)
    throw new Error(`not every post was taken: ${JSON.stringify(load)}`);
  const { count, heldMsMax } = backups;
  turns.push({ kind, load, walBytesMax, backups: count, heldMsMax });
}

function report(): void {
  const rate = ({ load }: Turn): number => load.requests / load.seconds;
  printTable(
    `ingest with and without a backup: ${options.rows} messages before, ${connections} connections`,
    ['turn', 'posts/s', 'p50 ms', 'p99 ms', 'log MB', 'backups', 'held ms'],
    turns.map((one) => [
      one.kind,
      shown(rate(one)),
      shown(one.load.p50_ms),
      shown(one.load.p99_ms),
      shown(one.walBytesMax / 1e6),
      one.kind === 'alone' ? '-' : String(one.backups),
      one.kind === 'alone' ? '-' : shown(one.heldMsMax),
    ]),
  );
  const of = (kind: Turn['kind']): number =>
    mean(turns.filter((one) => one.kind === kind).map(rate));
  const ratio = of('with a backup') / of('alone');
  process.stdout.write(`with a backup / alone: ${ratio.toFixed(3)}\n`);
  progress(`figures: ${writeResults('backup', { options, ratio, turns })}`);
  process.stderr.write('\n');
}
