// `npm run bench:reads`: every kind of read on tables of several sizes, over one connection to the real service.
import { caughtUp } from './backlog.ts';
import { COMMON_WORD, RARE_WORD, busySender, planted } from './corpus.ts';
import { YEAR_MS, YEAR_START_MS, filledTable } from './fill.ts';
import { drawReads } from './plot.ts';
import { memory } from './process-figures.ts';
import { type Answer, ReadClient, type Times, nextPage, summary } from './read-client.ts';
import {
  printTable,
  progress,
  readNumbers,
  readOptions,
  shown,
  warnOfMemory,
  writeResults,
} from './report.ts';
import { type Server, startService } from './server.ts';

/** Every kind is asked at every size in turns, so that whatever else the machine does meets all of them alike. */
const ROUNDS = 3;
/** One turn of a kind ends after this many answers, or after this long. */
const TURN_REQUESTS = 150;
const WARM_UP_REQUESTS = 20;
const FULL_ROWS = 10_000_000;

interface Kind {
  readonly name: string;
  readonly path: (index: number, rows: number) => string;
  /** What `total` must say; a wrong answer is not worth timing. */
  readonly total?: (rows: number) => number;
}
/** A running service on a table of one size. */
interface Size {
  readonly rows: number;
  readonly fill_seconds: number | null;
  readonly search_wait_seconds: number;
  readonly server: Server;
  readonly client: ReadClient;
  readonly answers: Map<string, Pick<Answer, 'status' | 'ms'>[]>;
}

interface Result {
  readonly rows: number;
  readonly fill_seconds: number | null;
  readonly ready_ms: number;
  readonly search_wait_seconds: number;
  readonly rss_mib: number;
  readonly peak_rss_mib: number;
  readonly kinds: Record<string, Times>;
}

const middle = (index: number): string =>
  `${new Date(YEAR_START_MS + YEAR_MS / 2 + index * 1_000).toISOString().slice(0, 19)}Z`;

const KINDS: readonly Kind[] = [
  { name: 'limit=50', path: () => '/messages?limit=50', total: (rows) => rows },
  { name: 'from', path: (index) => `/messages?from=${from(index)}` },
  { name: 'since', path: (index) => `/messages?since=${middle(index)}` },
  {
    name: 'from and since',
    path: (index) => `/messages?from=${from(index)}&since=${middle(index)}`,
  },
  {
    name: 'q rare',
    path: () => `/messages?q=${RARE_WORD}`,
    total: (rows) => planted(rows).rare,
  },
  {
    name: 'q common',
    path: () => `/messages?q=${COMMON_WORD}`,
    total: (rows) => planted(rows).common,
  },
  {
    name: 'offset at 90 %',
    path: (index, rows) => `/messages?offset=${Math.floor(rows * 0.9) + index}`,
    total: (rows) => rows,
  },
  { name: '/stats', path: () => '/stats' },
];
const WALK = 'cursor walk';

const options = readOptions({
  sizes: '10000,100000,1000000',
  full: false,
  plot: false,
  keep: '',
  'turn-ms': '1000',
});
const turnMs = Number(options['turn-ms']);
const sizes: Size[] = [];
for (const rows of [...readNumbers(options.sizes), ...(options.full ? [FULL_ROWS] : [])])
  sizes.push(await openSize(rows));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const kind of KINDS) for (const size of sizes) await askInTurn(size, kind, round);
  for (const size of sizes) await walk(size);
}
const results: Result[] = [];
for (const size of sizes) results.push(await closeSize(size));
report();

function from(index: number): string {
  return encodeURIComponent(busySender(index));
}

async function openSize(rows: number): Promise<Size> {
  const { path, fillSeconds } = filledTable(rows, options.keep);
  warnOfMemory(path);
  const server = await startService(path, 'null');
  return {
    rows,
    fill_seconds: fillSeconds,
    search_wait_seconds: await caughtUp(server.url),
    server,
    client: await ReadClient.open(server.url),
    answers: new Map(),
  };
}

async function closeSize(size: Size): Promise<Result> {
  const { rows, fill_seconds, search_wait_seconds, server, client, answers } = size;
  const kinds = Object.fromEntries([...answers].map(([name, all]) => [name, summary(all)]));
  const figures = { ready_ms: server.readyMs, ...memory(server.pid), kinds };
  client.close();
  await server.stop();
  return { rows, fill_seconds, search_wait_seconds, ...figures };
}

async function askInTurn(size: Size, kind: Kind, round: number): Promise<void> {
  const { rows, client } = size;
  const turn: Answer[] = [];
  const endMs = performance.now() + turnMs;
  const requests = WARM_UP_REQUESTS + TURN_REQUESTS;
  for (let asked = 0; asked < requests; asked += 1) {
    const answer = await client.ask(kind.path(round * requests + asked, rows));
    if (asked === 0) checkTotal(kind, rows, answer);
    turn.push(answer);
    if (performance.now() > endMs) break;
  }
  // A kind so slow that the time ran out has no warm-up to spare.
  const kept = turn.slice(turn.length > 2 * WARM_UP_REQUESTS ? WARM_UP_REQUESTS : 0);
  keep(size, kind.name, kept);
  progress(`${rows.toLocaleString('en')} rows: ${kind.name}: ${shown(summary(kept).p50_ms)} ms`);
}

function keep(size: Size, name: string, answers: readonly Answer[]): void {
  const kept = size.answers.get(name) ?? [];
  size.answers.set(name, [...kept, ...answers.map(({ status, ms }) => ({ status, ms }))]);
}

/** Follows rel="next" from the first page. */
async function walk(size: Size): Promise<void> {
  const answers: Answer[] = [];
  let path: string | null = '/messages?limit=50';
  while (path !== null && answers.length < WARM_UP_REQUESTS + TURN_REQUESTS) {
    const answer: Answer = await size.client.ask(path);
    answers.push(answer);
    path = nextPage(answer);
  }
  keep(size, WALK, answers.slice(WARM_UP_REQUESTS));
}

function checkTotal(kind: Kind, rows: number, { status, body }: Answer): void {
  const expected = kind.total?.(rows);
  if (expected === undefined || status !== 200) return;
  const { total } = JSON.parse(body) as { total: number };
  if (total !== expected) throw new Error(`${kind.name}: total is ${total}, not ${expected}`);
}

function report(): void {
  const names = [...KINDS.map(({ name }) => name), WALK];
  const head = ['read', ...results.map(({ rows }) => `${rows.toLocaleString('en')} rows`)];
  const cells = (name: string, value: (times: Times) => number): string[] =>
    results.map(({ kinds }) => {
      const times = kinds[name];
      if (times === undefined) return '-';
      return `${shown(value(times))}${times.refused > 0 ? ` (${times.refused} refused)` : ''}`;
    });
  const ratio = (name: string): string => {
    const first = results[0]?.kinds[name]?.p50_ms;
    const last = results.at(-1)?.kinds[name]?.p50_ms;
    return first === undefined || last === undefined ? '-' : `${shown(last / first)}×`;
  };
  const title = `one connection, ${ROUNDS} turns of up to ${TURN_REQUESTS} requests a kind`;
  printTable(
    `Reads: p50 in ms, ${title}`,
    [...head, 'last to first'],
    names.map((name) => [name, ...cells(name, ({ p50_ms }) => p50_ms), ratio(name)]),
  );
  printTable(
    'Reads: p99 in ms',
    head,
    names.map((name) => [name, ...cells(name, ({ p99_ms }) => p99_ms)]),
  );
  printTable('The process', head.with(0, ''), [
    ['start to ready, ms', ...results.map(({ ready_ms }) => shown(ready_ms))],
    ['search index filled after, s', ...results.map((size) => shown(size.search_wait_seconds))],
    ['RSS, MiB', ...results.map(({ rss_mib }) => String(rss_mib))],
    ['table filled in, s', ...results.map(({ fill_seconds }) => shown(fill_seconds))],
  ]);
  process.stdout.write(
    `\n${writeResults('reads', { rounds: ROUNDS, turn_requests: TURN_REQUESTS, results })}\n`,
  );
  if (!options.plot) return;
  const curves = names.map((name) => ({
    name,
    points: results.flatMap(({ rows, kinds }) => {
      const ms = kinds[name]?.p50_ms ?? Number.NaN;
      return Number.isFinite(ms) ? [{ rows, ms }] : [];
    }),
  }));
  drawReads(curves.filter(({ points }) => points.length > 0));
}
