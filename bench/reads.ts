// `npm run bench:reads`: every kind of read on tables of several sizes, over one connection to the real service.
import { caughtUp } from './backlog.ts';
import { filledPostgres } from './fill-postgres.ts';
import { filledTable } from './fill.ts';
import { importedTable } from './import-table.ts';
import { drawReads } from './plot.ts';
import { BenchServer } from './postgres-server.ts';
import { memory } from './process-figures.ts';
import { type Answer, ReadClient, type Times, nextPage, summary } from './read-client.ts';
import { KINDS, type Kind } from './read-kinds.ts';
import {
  loadAverage,
  printTable,
  progress,
  readNumbers,
  readOptions,
  shown,
  warnOfMemory,
  writeResults,
} from './report.ts';
import { type Server, startService, startServiceOn } from './server.ts';
import { THIS_TREE, type Tree, treeAt } from './trees.ts';

/** One turn of a kind ends after this many answers, or after `--turn-ms`. */
const TURN_REQUESTS = 150;
const WARM_UP_REQUESTS = 20;
const FULL_ROWS = 10_000_000;

/** A running service on a table of one size. */
interface Table {
  readonly rows: number;
  /** Of the tree, or of the engine where that is not SQLite. */
  readonly name: string;
  readonly fill_seconds: number | null;
  readonly search_wait_seconds: number;
  readonly server: Server;
  readonly client: ReadClient;
  /** Ids of some messages, encoded. */
  readonly ids: readonly string[];
  readonly answers: Map<string, Pick<Answer, 'status' | 'ms'>[]>;
}

interface Result {
  readonly rows: number;
  readonly name: string;
  readonly fill_seconds: number | null;
  readonly ready_ms: number;
  readonly search_wait_seconds: number;
  readonly rss_mib: number;
  readonly peak_rss_mib: number;
  readonly kinds: Record<string, Times>;
}

const WALK = 'cursor walk';
const POSTGRES = 'PostgreSQL';

const options = readOptions({
  sizes: '10000,100000,1000000',
  full: false,
  plot: false,
  keep: '',
  beside: '',
  engine: 'sqlite',
  sources: false,
  rounds: '3',
  'turn-ms': '1000',
});
const turnMs = Number(options['turn-ms']);
const [rounds = 3] = readNumbers(options.rounds);
const trees = [THIS_TREE, ...(options.beside === '' ? [] : [treeAt(options.beside)])];
/** `--sources` has tables with a named source. */
const measured = KINDS.filter(({ sources = false }) => options.sources || !sources);
const tables: Table[] = [];
/** `--engine postgres` has tables on PostgreSQL alone, `both` on both engines in the same turns. */
const database = options.engine === 'sqlite' ? null : await BenchServer.start();
for (const rows of [...readNumbers(options.sizes), ...(options.full ? [FULL_ROWS] : [])]) {
  if (options.engine !== 'postgres')
    for (const tree of trees) tables.push(await openTable(rows, tree));
  if (database !== null) tables.push(await openPostgres(rows, database));
}
// Every kind is asked of every table in turns, so that whatever else the machine does meets all of them alike.
for (let round = 0; round < rounds; round += 1) {
  const inTurn = round % 2 === 0 ? tables : tables.toReversed();
  for (const kind of measured) for (const table of inTurn) await askInTurn(table, kind, round);
  for (const table of inTurn) await walk(table);
}
const results: Result[] = [];
for (const table of tables) results.push(await closeTable(table));
await database?.remove();
report();

/** Another tree gets a file of its own, with the same messages. */
async function openTable(rows: number, tree: Tree): Promise<Table> {
  const { path, fillSeconds } =
    tree === THIS_TREE
      ? filledTable(rows, options.keep, options.sources)
      : importedTable(tree, rows, options.keep);
  warnOfMemory(path);
  const server = await startService(path, 'null', tree);
  return await readyTable(rows, tree.name, fillSeconds, server);
}

async function openPostgres(rows: number, on: BenchServer): Promise<Table> {
  const { url, fillSeconds } = await filledPostgres(on, rows, options.sources);
  const server = await startServiceOn(url, 'null', THIS_TREE);
  const table = await readyTable(rows, POSTGRES, fillSeconds, server);
  await on.settle(url);
  return table;
}

async function readyTable(
  rows: number,
  name: string,
  fillSeconds: number | null,
  server: Server,
): Promise<Table> {
  const search_wait_seconds = await caughtUp(server.url);
  const client = await ReadClient.open(server.url);
  const ids = await idsOf(client, rows);
  const answers: Table['answers'] = new Map();
  return {
    rows,
    name,
    fill_seconds: fillSeconds,
    search_wait_seconds,
    server,
    client,
    ids,
    answers,
  };
}

/** Returns ids from the middle of the list, encoded. */
async function idsOf(client: ReadClient, rows: number): Promise<string[]> {
  const { body } = await client.ask(`/messages?limit=100&offset=${Math.floor(rows / 2)}`);
  const { data } = JSON.parse(body) as { data: { message_id: string }[] };
  return data.map(({ message_id }) => encodeURIComponent(message_id));
}

async function closeTable(table: Table): Promise<Result> {
  const { rows, name, fill_seconds, search_wait_seconds, server, client, answers } = table;
  const kinds = Object.fromEntries([...answers].map(([kind, all]) => [kind, summary(all)]));
  const figures = { ready_ms: server.readyMs, ...memory(server.pid), kinds };
  client.close();
  await server.stop();
  return { rows, name, fill_seconds, search_wait_seconds, ...figures };
}

async function askInTurn(table: Table, kind: Kind, round: number): Promise<void> {
  const { rows, client, ids } = table;
  const turn: Answer[] = [];
  const endMs = performance.now() + turnMs;
  const requests = WARM_UP_REQUESTS + TURN_REQUESTS;
  for (let asked = 0; asked < requests; asked += 1) {
    const answer = await client.ask(kind.path(round * requests + asked, rows, ids));
    if (asked === 0) checkTotal(kind, rows, answer);
    turn.push(answer);
    if (performance.now() > endMs) break;
  }
  // A kind so slow that the time ran out has no warm-up to spare.
  const kept = turn.slice(turn.length > 2 * WARM_UP_REQUESTS ? WARM_UP_REQUESTS : 0);
  keep(table, kind.name, kept);
  progress(`${nameOf(rows, table.name)}: ${kind.name}: ${shown(summary(kept).p50_ms)} ms`);
}

function keep(table: Table, name: string, answers: readonly Answer[]): void {
  const kept = table.answers.get(name) ?? [];
  table.answers.set(name, [...kept, ...answers.map(({ status, ms }) => ({ status, ms }))]);
}

/** Follows rel="next" from the first page. */
async function walk(table: Table): Promise<void> {
  const answers: Answer[] = [];
  let path: string | null = '/messages?limit=50';
  while (path !== null && answers.length < WARM_UP_REQUESTS + TURN_REQUESTS) {
    const answer: Answer = await table.client.ask(path);
    answers.push(answer);
    path = nextPage(answer);
  }
  keep(table, WALK, answers.slice(WARM_UP_REQUESTS));
}

function checkTotal(kind: Kind, rows: number, { status, body }: Answer): void {
  const expected = kind.total?.(rows);
  if (expected === undefined || status !== 200) return;
  const { total } = JSON.parse(body) as { total: number };
  if (total !== expected) throw new Error(`${kind.name}: total is ${total}, not ${expected}`);
}

function nameOf(rows: number, name: string): string {
  return `${rows.toLocaleString('en')}${name === THIS_TREE.name ? '' : ` ${name}`}`;
}

function report(): void {
  const names = [...measured.map(({ name }) => name), WALK];
  const title = `one connection, ${rounds} turns of up to ${TURN_REQUESTS} requests a kind`;
  printTimes(`Reads: p50 in ms, ${title}`, names, ({ p50_ms }) => p50_ms);
  printTimes('Reads: p99 in ms', names, ({ p99_ms }) => p99_ms);
  printTable(
    'The process',
    ['', ...results.map(({ rows, name }) => nameOf(rows, name))],
    [
      ['start to ready, ms', ...results.map(({ ready_ms }) => shown(ready_ms))],
      ['search up to date after, s', ...results.map((one) => shown(one.search_wait_seconds))],
      ['RSS, MiB', ...results.map(({ rss_mib }) => String(rss_mib))],
      ['RSS at most, MiB', ...results.map(({ peak_rss_mib }) => String(peak_rss_mib))],
      ['table filled in, s', ...results.map(({ fill_seconds }) => shown(fill_seconds))],
    ],
  );
  process.stdout.write(`\n${loadAverage()}\n`);
  const figures = { rounds, turn_requests: TURN_REQUESTS, trees, results };
  process.stdout.write(`${writeResults('reads', figures)}\n`);
  if (!options.plot) return;
  const curves = names.map((name) => ({
    name,
    points: results.flatMap((result) => {
      const ms = result.kinds[name]?.p50_ms ?? Number.NaN;
      const { rows } = result;
      return result.name === THIS_TREE.name && Number.isFinite(ms) ? [{ rows, ms }] : [];
    }),
  }));
  drawReads(curves.filter(({ points }) => points.length > 0));
}

/** A column for each table; one of another tree is followed by the ratio of this tree's time to it. */
function printTimes(
  title: string,
  names: readonly string[],
  value: (times: Times) => number,
): void {
  const cellsOf = (kind: string, { rows, name, kinds }: Result): string[] => {
    const times = kinds[kind];
    if (times === undefined) return ['-'];
    const cell = `${shown(value(times))}${times.refused > 0 ? ` (${times.refused} refused)` : ''}`;
    if (name === THIS_TREE.name) return [cell];
    const own = results.find((one) => one.rows === rows && one.name === THIS_TREE.name)?.kinds[
      kind
    ];
    return [cell, own === undefined ? '-' : (value(own) / value(times)).toFixed(2)];
  };
  printTable(
    title,
    [
      'read',
      ...results.flatMap(({ rows, name }) =>
        name === THIS_TREE.name ? [nameOf(rows, name)] : [nameOf(rows, name), 'ratio'],
      ),
    ],
    names.map((name) => [name, ...results.flatMap((result) => cellsOf(name, result))]),
  );
}
