// Ingest with and without backups running, in turns: how much slower, what the WAL grows to, how long the copy takes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { caughtUp } from './backlog.ts';
import { copyTable, filledTable } from './fill.ts';
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
import { startService } from './server.ts';
import { THIS_TREE, type Tree, nodeOf, treeAt } from './trees.ts';

const USAGE = `npm run bench:backup -- [--rows 1000000] [--seconds 20] [--turns 2] [--connections 32]
  [--database FILE]     a filled database to measure on a copy of, instead of a table of that many rows
  [--against DIR,...]   other checkouts, whose "oncebox backup" is measured beside this one's
`;
/** More than the service takes in a second, so that no load runs out of requests. */
const REQUESTS_A_SECOND = 20_000;
const SAMPLE_MS = 50;
const ALONE = 'no backup';

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
  readonly #tree: Tree;
  readonly #source: string;
  #stopped = false;
  readonly copies: Copy[] = [];
  failed = 0;

  constructor(tree: Tree, source: string) {
    this.#tree = tree;
    this.#source = source;
  }

  async run(): Promise<void> {
    const target = `${this.#source}-copy`;
    const program = join(this.#tree.path, 'app/cli/oncebox.ts');
    const args = ['backup', '--json', '--force', '--database', this.#source, target];
    while (!this.#stopped) {
      const child = spawn(nodeOf(this.#tree), [program, ...args], {
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
const trees = new Map([THIS_TREE, ...others.map(treeAt)].map((tree) => [tree.name, tree]));
const source = options.database || filledTable(Number(options.rows)).path;
const turns: Turn[] = [];
const kinds = [ALONE, ...trees.keys()];
for (let count = 0; count < Number(options.turns); count += 1)
  // Each round starts with the next kind, so that a change of the machine's speed falls on all of them.
  for (const at of kinds.keys())
    await turn(kinds[(at + count) % kinds.length] ?? ALONE, turns.length + 1);
report();

/** A service of its own on a fresh copy: its WAL starts empty, and every turn has the same rows before it. */
async function turn(kind: string, seed: number): Promise<void> {
  progress(`turn ${seed}: ${kind}`);
  const home = join(directory, `turn-${seed}`);
  mkdirSync(home);
  const requests = join(home, 'requests');
  writeRequests(requests, seconds * REQUESTS_A_SECOND, REQUESTS_A_SECOND, seed);
  const path = join(home, 'app.db');
  copyTable(source, path);
  const server = await startService(path, 'null');
  try {
    // The index is complete: filling it would weigh on the turn.
    await caughtUp(server.url);
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
  const tree = trees.get(kind);
  const backups = tree === undefined ? null : new Backups(tree, path);
  const running = backups?.run();
  const load = await runLoad({ url, file, use: 'once', connections, seconds });
  clearInterval(sampler);
  backups?.stop();
  await running;
  if (load.refused + load.unconnected + load.broken + load.late > 0)
    throw new Error(`not every post was taken: ${JSON.stringify(load)}`);
  return { load, walBytesMax, copies: backups?.copies ?? [], failed: backups?.failed ?? 0 };
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
  const ratios = Object.fromEntries([...trees.keys()].map((kind) => [kind, of(kind) / of(ALONE)]));
  for (const [kind, ratio] of Object.entries(ratios))
    process.stdout.write(`${kind}, beside ${ALONE}: ${ratio.toFixed(3)} of the posts\n`);
  progress(`figures: ${writeResults('backup', { options, ratios, turns })}`);
  process.stderr.write('\n');
}
