// `npm run bench:reads`: every kind of read on tables of several sizes, over one connection to the real service.
import { caughtUp } from './backlog.ts';
import { filledTable } from './fill.ts';
import { importedTable } from './import-table.ts';
import { drawReads } from './plot.ts';
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
import { type Server, startService } from './server.ts';
import { THIS_TREE, type Tree, treeAt } from './trees.ts';

/** One turn of a kind ends after this many answers, or after `--turn-ms`. */
const TURN_REQUESTS = 150;
const WARM_UP_REQUESTS = 20;
const FULL_ROWS = 10_000_000;

/** A running service on a table of one size. */
interface Table {
  readonly rows: number;
  readonly tree: Tree;
  readonly fill_seconds: number | null;
  readonly search_wait_seconds: number;
  readonly server: Server;
  readonly client: ReadClient;
  readonly answers: Map<string, Pick<Answer, 'status' | 'ms'>[]>;
}

interface Result {
  readonly rows: number;
  readonly tree: string;
  readonly fill_seconds: number | null;
  readonly ready_ms: number;
  readonly search_wait_seconds: number;
  readonly rss_mib: number;
  readonly peak_rss_mib: number;
  readonly kinds: Record<string, Times>;
}

const WALK = 'cursor walk';

const options = readOptions({
  sizes: '10000,100000,1000000',
  full: false,
  plot: false,
  keep: '',
  beside: '',
  rounds: '3',
  'turn-ms': '1000',
});
const turnMs = Number(options['turn-ms']);
const [rounds = 3] = readNumbers(options.rounds);
const trees = [THIS_TREE, ...(options.beside === '' ? [] : [treeAt(options.beside)])];
const tables: Table[] = [];
for (const rows of [...readNumbers(options.sizes), ...(options.full ? [FULL_ROWS] : [])])
  for (const tree of trees) tables.push(await openTable(rows, tree));
// Every kind is asked of every table in turns, so that whatever else the machine does meets all of them alike.
for (let round = 0; round < rounds; round += 1) {
  const inTurn = round % 2 === 0 ? tables : tables.toReversed();
  for (const kind of KINDS) for (const table of inTurn) await askInTurn(table, kind, round);
  for (const table of inTurn) await walk(table);
}
const results: Result[] = [];
for (const table of tables) results.push(await closeTable(table));
report();

/** Another tree gets a file of its own, with the same messages. */
async function openTable(rows: number, tree: Tree): Promise<Table> {
  const { path, fillSeconds } =
    tree === THIS_TREE ? filledTable(rows, options.keep) : importedTable(tree, rows, options.keep);
  warnOfMemory(path);
  const server = await startService(path, 'null', tree);
  return {
    rows,
    tree,
    fill_seconds: fillSeconds,
    search_wait_seconds: await caughtUp(server.url),
    server,
    client: await ReadClient.open(server.url),
    answers: new Map(),
  };
}

async function closeTable(table: Table): Promise<Result> {
  const { rows, tree, fill_seconds, search_wait_seconds, server, client, answers } = table;
  const kinds = Object.fromEntries([...answers].map(([name, all]) => [name, summary(all)]));
  const figures = { ready_ms: server.readyMs, ...memory(server.pid), kinds };
  client.close();
  await server.stop();
  return { rows, tree: tree.name, fill_seconds, search_wait_seconds, ...figures };
}

async function askInTurn(table: Table, kind: Kind, round: number): Promise<void> {
  const { rows, client } = table;
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
  keep(table, kind.name, kept);
  progress(`${nameOf(rows, table.tree.name)}: ${kind.name}: ${shown(summary(kept).p50_ms)} ms`);
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

function nameOf(rows: number, tree: string): string {
  return `${rows.toLocaleString('en')}${tree === THIS_TREE.name ? '' : ` ${tree}`}`;
}

function report(): void {
  const names = [...KINDS.map(({ name }) => name), WALK];
  const title = `one connection, ${rounds} turns of up to ${TURN_REQUESTS} requests a kind`;
  printTimes(`Reads: p50 in ms, ${title}`, names, ({ p50_ms }) => p50_ms);
  printTimes('Reads: p99 in ms', names, ({ p99_ms }) => p99_ms);
  printTable(
    'The process',
    ['', ...results.map(({ rows, tree }) => nameOf(rows, tree))],
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
    points: results.flatMap(({ rows, tree, kinds }) => {
      const ms = kinds[name]?.p50_ms ?? Number.NaN;
      return tree === THIS_TREE.name && Number.isFinite(ms) ? [{ rows, ms }] : [];
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
  const cellsOf = (name: string, { rows, tree, kinds }: Result): string[] => {
    const times = kinds[name];
    if (times === undefined) return ['-'];
    const cell = `${shown(value(times))}${times.refused > 0 ? ` (${times.refused} refused)` : ''}`;
    if (tree === THIS_TREE.name) return [cell];
    const own = results.find((one) => one.rows === rows)?.kinds[name];
    return [cell, own === undefined ? '-' : (value(own) / value(times)).toFixed(2)];
  };
  printTable(
    title,
    [
      'read',
      ...results.flatMap(({ rows, tree }) =>
        tree === THIS_TREE.name ? [nameOf(rows, tree)] : [nameOf(rows, tree), 'ratio'],
      ),
    ],
    names.map((name) => [name, ...results.flatMap((result) => cellsOf(name, result))]),
  );
}
