// `npm run bench`: ingest against the ceiling of the HTTP server and the floor of the storage, measured in turns in one run.
import { join } from 'node:path';
import {
  type IngestFigures,
  type ServiceFigures,
  type Setting,
  measureCeiling,
  measureFloor,
  measureService,
} from './ingest-run.ts';
import { GENERATOR } from './load.ts';
import { drawThroughput } from './plot.ts';
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
import type { LogSink } from './server.ts';

const WARM_UP_REQUESTS = 150_000;
const PROBE_SECONDS = 2;
/** The file of requests holds this many times what the bare server manages, so that it does not run out. */
const RESERVE = 1.5;
/** On a machine that was busy during the probe, the file is written for this rate at least. */
const RATE_PER_SECOND_MIN = 30_000;
const FLOOR_BATCHES = [16, 128] as const;
const FLOOR_ENGINES = ['service writer', 'bare'] as const;
const FLOOR_SECONDS_MAX = 10;

interface Round {
  readonly connections: number;
  readonly ceiling: IngestFigures;
  readonly service: Partial<Record<LogSink, ServiceFigures>>;
}
interface Floor {
  readonly engine: string;
  readonly batch: number;
  readonly rows_per_second: number;
}

const options = readOptions({
  seconds: '15',
  connections: '32,64,256',
  rounds: '2',
  logs: 'null,pipe',
  plot: false,
});
const [seconds = 15] = readNumbers(options.seconds);
const [roundCount = 2] = readNumbers(options.rounds);
const connectionCounts = readNumbers(options.connections);
const logs = options.logs.split(',').map((log): LogSink => (log === 'pipe' ? 'pipe' : 'null'));
const directory = workingDirectory();

const warmUpFile = join(directory, 'warm-up.requests');
const file = join(directory, 'requests');
const setting: Setting = { directory, warmUpFile, file, use: 'once', seconds };
/** The bare server stores nothing, so it may get the same messages again. */
const ceilingSetting: Setting = { ...setting, use: 'again' };
await prepare();
const rounds: Round[] = [];
const floors: Floor[] = [];
for (let round = 0; round < roundCount; round += 1) {
  await measureFloors(round);
  // Every other round goes the other way, so that what changes slowly on the machine favours nobody.
  for (const connections of round % 2 === 0 ? connectionCounts : connectionCounts.toReversed()) {
    rounds.push(await measureRound(round, connections));
  }
}
report();

/** Writes the load: enough for the fastest thing that will be measured. */
async function prepare(): Promise<void> {
  progress(`load generator: ${GENERATOR}`);
  writeRequests(warmUpFile, WARM_UP_REQUESTS, WARM_UP_REQUESTS, 1);
  const probe = { ...ceilingSetting, file: warmUpFile, seconds: PROBE_SECONDS };
  const { requests_per_second } = await measureCeiling(probe, Math.max(...connectionCounts));
  const perSecond = Math.ceil(requests_per_second);
  const reserved = Math.max(perSecond * RESERVE, RATE_PER_SECOND_MIN);
  writeRequests(file, Math.ceil(reserved * seconds), perSecond, 2);
}

async function measureFloors(round: number): Promise<void> {
  const short = { ...setting, seconds: Math.min(seconds, FLOOR_SECONDS_MAX) };
  for (const engine of FLOOR_ENGINES) {
    for (const batch of FLOOR_BATCHES) {
      const rows_per_second = await measureFloor(short, engine, batch);
      floors.push({ engine, batch, rows_per_second });
      said(round, `storage floor, ${engine}, batches of ${batch}`, rows_per_second);
    }
  }
}

async function measureRound(round: number, connections: number): Promise<Round> {
  const ceiling = await measureCeiling(ceilingSetting, connections);
  said(round, `ceiling, ${connections} connections`, ceiling.requests_per_second);
  const service: Round['service'] = {};
  for (const log of logs) {
    service[log] = await measureService(setting, connections, log);
    const name = `Oncebox, ${connections} connections, log to ${log}`;
    said(round, name, service[log].requests_per_second);
  }
  return { connections, ceiling, service };
}

function said(round: number, what: string, perSecond: number): void {
  progress(`round ${round + 1} of ${roundCount}: ${what}: ${shown(perSecond)}/s`);
}

/** The mean of one figure over the rounds. */
function over(list: readonly IngestFigures[], figure: (figures: IngestFigures) => number): string {
  return shown(mean(list.map(figure)));
}

function ingestRow(name: string, list: readonly IngestFigures[], ratio: number): string[] {
  const last = list.at(-1) as IngestFigures & Partial<ServiceFigures>;
  return [
    name,
    over(list, (figures) => figures.requests_per_second),
    ratio.toFixed(2),
    over(list, (figures) => figures.p50_ms),
    over(list, (figures) => figures.p99_ms),
    over(list, (figures) => figures.p999_ms),
    over(list, (figures) => figures.max_ms),
    shown(last.rows_a_commit ?? null),
    shown(last.commit_ms_mean ?? null),
    String(last.rss_mib),
    last.threads
      .slice(0, 3)
      .map(({ name: thread, cpu_percent }) => `${thread.replace(/\/.*/, '')} ${cpu_percent}%`)
      .join(', '),
  ];
}

function report(): void {
  const rows: string[][] = [];
  const ratios: { connections: number; log: LogSink; ratio: number }[] = [];
  for (const connections of connectionCounts) {
    const here = rounds.filter((round) => round.connections === connections);
    const ceilings = here.map((round) => round.ceiling);
    rows.push(ingestRow(`${connections} ceiling`, ceilings, 1));
    for (const log of logs) {
      const list = here.flatMap((round) => round.service[log] ?? []);
      const ratio = mean(
        list.map(
          (figures, index) =>
            figures.requests_per_second / (ceilings[index]?.requests_per_second ?? Number.NaN),
        ),
      );
      ratios.push({ connections, log, ratio });
      rows.push(ingestRow(`${connections} Oncebox, log to ${log}`, list, ratio));
    }
  }
  const head = [
    'connections',
    'requests/s',
    'of ceiling',
    'p50 ms',
    'p99 ms',
    'p99.9 ms',
    'max ms',
  ];
  printTable(
    `Ingest: means of ${roundCount} rounds of ${seconds} s, load by ${GENERATOR}, every answer 200, every row counted`,
    [...head, 'rows a commit', 'commit ms', 'RSS MiB', 'CPU of threads'],
    rows,
  );
  printTable(
    'Storage floor: one thread, no HTTP, synchronous=FULL',
    ['rows/s', ...FLOOR_BATCHES.map((batch) => `batches of ${batch}`)],
    FLOOR_ENGINES.map((engine) => [
      engine === 'bare' ? 'table and primary key only' : "the service's writer",
      ...FLOOR_BATCHES.map((batch) =>
        shown(
          mean(
            floors
              .filter((floor) => floor.engine === engine && floor.batch === batch)
              .map((floor) => floor.rows_per_second),
          ),
        ),
      ),
    ]),
  );
  const figures = { generator: GENERATOR, seconds, ratios, rounds, floors };
  process.stdout.write(`\n${writeResults('ingest', figures)}\n`);
  if (options.plot) drawThroughput(ratios.filter(({ log }) => log === logs[0]));
}
