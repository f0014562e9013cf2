// `npm run bench:mixed`: what readers cost the writers: ingest with and without clients that search and page, in turns.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { caughtUp } from './backlog.ts';
import { COMMON_WORD, Corpus, RARE_WORD, randomNumbers } from './corpus.ts';
import { copyTable, filledTable } from './fill.ts';
import { type IngestFigures, underLoad } from './ingest-run.ts';
import { GENERATOR, runLoad } from './load.ts';
import { type Answer, ReadClient, type Times, nextPage, summary } from './read-client.ts';
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
import { startService } from './server.ts';

const PAGES_IN_A_ROW = 5;
const KILL_LOAD_SECONDS = 4;
const KILL_RATE_PER_SECOND = 40_000;

interface Turn {
  readonly readers: number;
  readonly ingest: IngestFigures;
  readonly reads: Times | null;
}

const options = readOptions({
  size: '100000',
  seconds: '10',
  connections: '32',
  readers: '8',
  rounds: '2',
  keep: '',
  rate: '40000',
  'pause-ms': '50',
});
const [size = 0] = readNumbers(options.size);
const [seconds = 0] = readNumbers(options.seconds);
const [connections = 0] = readNumbers(options.connections);
const [readers = 0] = readNumbers(options.readers);
const [rounds = 0] = readNumbers(options.rounds);
/** Requests that are prepared for each second of load: more than the service can take. */
const [rate = 0] = readNumbers(options.rate);
const pauseMs = Number(options['pause-ms']);
const directory = workingDirectory();

const databasePath = join(directory, 'app.db');
copyTable(filledTable(size, options.keep).path, databasePath);
const server = await startService(databasePath, 'null');
await caughtUp(server.url);
const turns: Turn[] = [];
let seed = 0;
await turn(0, 2);
turns.length = 0;
for (let round = 0; round < rounds; round += 1) {
  // Every other round begins with the readers, as the table grows from turn to turn.
  for (const count of round % 2 === 0 ? [0, readers] : [readers, 0]) await turn(count, seconds);
}
const readyAfterKillMs = await restartAfterKill();
report();

/** One period of load, with messages of its own. */
async function turn(readerCount: number, turnSeconds: number): Promise<void> {
  const file = join(directory, 'requests');
  seed += 1;
  writeRequests(file, rate * turnSeconds, rate, seed);
  const end = new AbortController();
  const reading = Array.from({ length: readerCount }, (_, index) => read(index, end.signal));
  const ingest = await underLoad(server, { file, use: 'once', seconds: turnSeconds }, connections);
  end.abort();
  const answers = (await Promise.all(reading)).flat();
  turns.push({ readers: readerCount, ingest, reads: readerCount === 0 ? null : summary(answers) });
  progress(
    `${readerCount} readers: ${shown(ingest.requests_per_second)}/s, p99 ${ingest.p99_ms} ms`,
  );
}

/** Kills the service under load, starts it again on what it left, and returns the time until it is ready. */
async function restartAfterKill(): Promise<number> {
  const file = join(directory, 'requests');
  seed += 1;
  writeRequests(file, KILL_RATE_PER_SECOND * KILL_LOAD_SECONDS, KILL_RATE_PER_SECOND, seed);
  const load = runLoad({
    url: `${server.url}/webhook`,
    file,
    // Once the server is gone, the generator goes through any number of requests.
    use: 'again',
    connections,
    seconds: KILL_LOAD_SECONDS,
  });
  await sleep((KILL_LOAD_SECONDS * 1_000) / 2);
  await server.kill();
  await load;
  const again = await startService(databasePath, 'null');
  await again.stop();
  return again.readyMs;
}

/** A person at a screen: searches for a word, turns some pages, jumps to another place, pauses after each answer. */
async function read(index: number, end: AbortSignal): Promise<Pick<Answer, 'status' | 'ms'>[]> {
  const client = await ReadClient.open(server.url);
  const random = randomNumbers(index);
  const corpus = new Corpus(index);
  const answers: Pick<Answer, 'status' | 'ms'>[] = [];
  while (!end.aborted) {
    let path: string | null = firstPage(random, corpus);
    for (let page = 0; page < PAGES_IN_A_ROW && path !== null; page += 1) {
      const answer: Answer = await client.ask(path);
      answers.push({ status: answer.status, ms: answer.ms });
      path = nextPage(answer);
      await sleep(pauseMs);
    }
  }
  client.close();
  return answers;
}

function firstPage(random: () => number, corpus: Corpus): string {
  const message = corpus.message(0);
  const words = message.text?.split(' ').filter((word) => word.length > 4) ?? [];
  const places = [
    '/messages',
    `/messages?offset=${Math.floor(random() * size)}`,
    `/messages?from=${encodeURIComponent(message.from)}`,
    `/messages?q=${RARE_WORD}`,
    `/messages?q=${COMMON_WORD}`,
    `/messages?q=${encodeURIComponent(words[0] ?? RARE_WORD)}`,
  ];
  return places[Math.floor(random() * places.length)] ?? '/messages';
}

function report(): void {
  const groups = [0, readers].map((count) => turns.filter((one) => one.readers === count));
  const over = (group: readonly Turn[], figure: (figures: IngestFigures) => number): number =>
    mean(group.map(({ ingest }) => figure(ingest)));
  const [without = [], withReaders = []] = groups;
  const ratio_p99 = over(withReaders, (one) => one.p99_ms) / over(without, (one) => one.p99_ms);
  printTable(
    `Ingest at ${connections} connections on ${size.toLocaleString('en')} rows, load by ${GENERATOR}, means of ${rounds} rounds of ${seconds} s`,
    [
      'clients that read',
      'requests/s',
      'p50 ms',
      'p99 ms',
      'p99.9 ms',
      'max ms',
      'RSS MiB',
      'reads/s',
      'read p50 ms',
      'read p99 ms',
    ],
    groups.map((group) => {
      const reads = group.flatMap((one) => one.reads ?? []);
      const overReads = (figure: (times: Times) => number): string =>
        reads.length === 0 ? '-' : shown(mean(reads.map(figure)));
      return [
        String(group[0]?.readers ?? 0),
        shown(over(group, (one) => one.requests_per_second)),
        shown(over(group, (one) => one.p50_ms)),
        shown(over(group, (one) => one.p99_ms)),
        shown(over(group, (one) => one.p999_ms)),
        shown(over(group, (one) => one.max_ms)),
        shown(over(group, (one) => one.rss_mib)),
        overReads((times) => times.requests / seconds),
        overReads((times) => times.p50_ms),
        overReads((times) => times.p99_ms),
      ];
    }),
  );
  process.stdout.write(
    `p99 with readers to p99 without: ${ratio_p99.toFixed(2)}\n` +
      `start to ready: ${shown(server.readyMs)} ms; after kill -9 under load: ${shown(readyAfterKillMs)} ms\n`,
  );
  const figures = {
    generator: GENERATOR,
    size,
    connections,
    readers,
    pause_ms: pauseMs,
    ready_ms: server.readyMs,
    ready_after_kill_ms: readyAfterKillMs,
  };
  process.stdout.write(`\n${writeResults('mixed', { ...figures, ratio_p99, turns })}\n`);
}
