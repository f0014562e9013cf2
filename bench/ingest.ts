// `npm run bench`, `npm run bench:postgres`: ingest beside servers that do less, and beside another tree, in turns within one run.
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { printIngest } from './ingest-report.ts';
import { type Setting, type SubjectFigures, measure } from './ingest-run.ts';
import {
  DURABLE_FLOOR,
  NULL_SERVER,
  type Subject,
  fastifyServer,
  postgresService,
  serviceOf,
  serviceWithFeatures,
} from './ingest-subjects.ts';
import { GENERATOR } from './load.ts';
import { drawThroughput } from './plot.ts';
import { BenchServer } from './postgres-server.ts';
import {
  loadAverage,
  median,
  progress,
  readNumbers,
  readOptions,
  shown,
  workingDirectory,
  writeResults,
} from './report.ts';
import { type ConnectionHeader, writeRequests } from './requests.ts';
import { type LogSink, startService } from './server.ts';
import { THIS_TREE, treeAt } from './trees.ts';

const WARM_UP_REQUESTS = 150_000;
const PROBE_SECONDS = 2;
/** The file of requests holds this many times what the null server manages, so that it does not run out. */
const RESERVE = 1.2;
/** On a machine that was busy during the probe, the file is written for this rate at least. */
const RATE_PER_SECOND_MIN = 30_000;

/** One measurement of each server with so many connections. */
export interface Round {
  readonly connections: number;
  readonly load_average: number;
  readonly figures: ReadonlyMap<string, SubjectFigures>;
}

const options = readOptions({
  seconds: '15',
  connections: '32,256',
  rounds: '3',
  beside: '',
  engine: 'sqlite',
  log: 'null',
  /** Oncebox a second time, with named sources, retention, and a destination. */
  features: false,
  plain: false,
  plot: false,
});
const [seconds = 15] = readNumbers(options.seconds);
const [roundCount = 3] = readNumbers(options.rounds);
const connectionCounts = readNumbers(options.connections);
const log: LogSink = options.log === 'pipe' ? 'pipe' : 'null';
const header: ConnectionHeader = options.plain ? 'none' : 'keep-alive';
const directory = workingDirectory();

if (options.features && options.engine === 'postgres')
  throw new Error('--features is measured on SQLite');

const trees = [THIS_TREE, ...(options.beside === '' ? [] : [treeAt(options.beside)])];
/** On PostgreSQL the baseline is what people write themselves, and the service on SQLite is beside both. */
const database = options.engine === 'postgres' ? await BenchServer.start() : null;
const floor = database === null ? DURABLE_FLOOR : fastifyServer(database);
const subjects: readonly Subject[] =
  database === null
    ? [
        NULL_SERVER,
        floor,
        ...trees.map((tree) => serviceOf(tree, log)),
        ...(options.features ? [serviceWithFeatures(THIS_TREE, log)] : []),
      ]
    : [
        floor,
        ...trees.map((tree) => postgresService(tree, log, database)),
        serviceOf(THIS_TREE, log, 'Oncebox, SQLite'),
      ];

const warmUpFile = join(directory, 'warm-up.requests');
const file = join(directory, 'requests');
const setting: Setting = { directory, warmUpFile, file, seconds };
await prepare();
const rounds: Round[] = [];
for (let round = 0; round < roundCount; round += 1) {
  for (const connections of connectionCounts) rounds.push(await measureRound(round, connections));
}
report();
await database?.remove();

/** Writes the load, enough for the fastest server, and has each tree keep its compiled code. */
async function prepare(): Promise<void> {
  progress(`load generator: ${GENERATOR}; ${loadAverage()}`);
  writeRequests(warmUpFile, WARM_UP_REQUESTS, WARM_UP_REQUESTS, 1, header);
  const probe = { ...setting, file: warmUpFile, seconds: PROBE_SECONDS };
  const { requests_per_second } = await measure(NULL_SERVER, probe, Math.max(...connectionCounts));
  const reserved = Math.max(requests_per_second * RESERVE, RATE_PER_SECOND_MIN);
  writeRequests(file, Math.ceil(reserved * seconds), Math.ceil(requests_per_second), 2, header);
  for (const [index, tree] of trees.entries())
    await (await startService(join(directory, `first-${index}.db`), 'null', tree)).stop();
}

async function measureRound(round: number, connections: number): Promise<Round> {
  const figures = new Map<string, SubjectFigures>();
  // Every other round goes the other way, so that what changes slowly on the machine favours nobody.
  for (const subject of round % 2 === 0 ? subjects : subjects.toReversed()) {
    const one = await measure(subject, setting, connections);
    figures.set(subject.name, one);
    progress(
      `round ${round + 1} of ${roundCount}, ${connections} connections, ${subject.name}: ` +
        `${shown(one.requests_per_second)}/s, p99 ${one.p99_ms} ms`,
    );
  }
  return { connections, load_average: loadavg()[0] ?? 0, figures };
}

function report(): void {
  const ratios = connectionCounts.map((connections) => {
    const here = rounds.filter((round) => round.connections === connections);
    printIngest(
      `${connections} connections, ${header === 'none' ? 'no Connection header' : 'Connection: keep-alive'}, ` +
        `medians of ${roundCount} rounds of ${seconds} s, load by ${GENERATOR}, every answer 200, every row counted`,
      subjects.map(({ name }) => name),
      floor.name,
      here.map((round) => round.figures),
    );
    const rate = (figures: Round['figures'], name: string): number =>
      figures.get(name)?.requests_per_second ?? Number.NaN;
    const each = here.map(
      (round) => rate(round.figures, THIS_TREE.name) / rate(round.figures, floor.name),
    );
    return { connections, ratio: median(each) };
  });
  process.stdout.write(`\n${loadAverage()}\n`);
  const figures = {
    generator: GENERATOR,
    seconds,
    connection_header: header,
    log,
    engine: options.engine,
    trees,
    ratios,
    rounds: rounds.map((round) => ({ ...round, figures: Object.fromEntries(round.figures) })),
  };
  process.stdout.write(`${writeResults('ingest', figures)}\n`);
  if (options.plot) drawThroughput(ratios);
}
