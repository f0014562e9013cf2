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
import { startService } from './server.ts';

const REQUESTS = 300;
const WARM_UP_REQUESTS = 30;
/** A kind of read that is slow is asked less often, but never fewer times than this. */
const KIND_SECONDS_MAX = 20;
const REQUESTS_MIN = 5;
const WALK_PAGES = 200;
const FULL_ROWS = 10_000_000;

interface Kind {
  readonly name: string;
  readonly path: (index: number, rows: number) => string;
  /** What `total` must say; a wrong answer is not worth timing. */
  readonly total?: (rows: number) => number;
}
interface Size {
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

const options = readOptions({ sizes: '10000,100000,1000000', full: false, plot: false });
const sizes = [...readNumbers(options.sizes), ...(options.full ? [FULL_ROWS] : [])];
const results: Size[] = [];
for (const rows of sizes) results.push(await measureSize(rows));
report();

function from(index: number): string {
  return encodeURIComponent(busySender(index));
}

async function measureSize(rows: number): Promise<Size> {
  const { path, fillSeconds } = filledTable(rows);
  warnOfMemory(path);
  const server = await startService(path, 'null');
  const client = new ReadClient(server.url);
  try {
    const waitSeconds = await caughtUp(server.url);
    const kinds: Record<string, Times> = {};
    for (const kind of KINDS) {
      kinds[kind.name] = await measureKind(client, kind, rows);
      progress(
        `${rows.toLocaleString('en')} rows: ${kind.name}: ${shown(kinds[kind.name]?.p50_ms ?? null)} ms`,
      );
    }
    const walk = await measureWalk(client);
    if (walk !== null) kinds[WALK] = walk;
    return {
      rows,
      fill_seconds: fillSeconds,
      ready_ms: server.readyMs,
      search_wait_seconds: waitSeconds,
      ...memory(server.pid),
      kinds,
    };
  } finally {
    client.close();
    await server.stop();
  }
}

async function measureKind(client: ReadClient, kind: Kind, rows: number): Promise<Times> {
  const answers: Answer[] = [];
  const startMs = performance.now();
  const enough = (): boolean =>
    answers.length >= REQUESTS_MIN && performance.now() - startMs > KIND_SECONDS_MAX * 1_000;
  for (let index = 0; index < WARM_UP_REQUESTS + REQUESTS && !enough(); index += 1) {
    const answer = await client.ask(kind.path(index, rows));
    if (index === 0) checkTotal(kind, rows, answer);
    answers.push(answer);
  }
  // A kind so slow that the time ran out has no warm-up to spare.
  return summary(answers.slice(answers.length > REQUESTS ? WARM_UP_REQUESTS : 0));
}

function checkTotal(kind: Kind, rows: number, { status, body }: Answer): void {
  const expected = kind.total?.(rows);
  if (expected === undefined || status !== 200) return;
  const { total } = JSON.parse(body) as { total: number };
  if (total !== expected) throw new Error(`${kind.name}: total is ${total}, not ${expected}`);
}

/** Follows rel="next" from the first page. Null where the service gives no such link. */
async function measureWalk(client: ReadClient): Promise<Times | null> {
  const answers: Answer[] = [];
  let path: string | null = '/messages?limit=50';
  while (path !== null && answers.length < WALK_PAGES) {
    const answer: Answer = await client.ask(path);
    answers.push(answer);
    path = nextPage(answer.headers);
  }
  return answers.length > 1 ? summary(answers) : null;
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
  const title = `one connection, ${REQUESTS} requests a kind after ${WARM_UP_REQUESTS} to warm up`;
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
  process.stdout.write(`\n${writeResults('reads', { requests: REQUESTS, results })}\n`);
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
