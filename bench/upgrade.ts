// `npm run bench:upgrade`: a database that an older tree made is opened by this one: how soon it answers, and what becomes of the file.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Backlog, backlogOf } from './backlog.ts';
import { RARE_WORD, planted } from './corpus.ts';
import { copyTable } from './fill.ts';
import { importedTable } from './import-table.ts';
import { memory } from './process-figures.ts';
import {
  loadAverage,
  printTable,
  progressPart,
  readNumbers,
  readOptions,
  shown,
  workingDirectory,
  writeResults,
} from './report.ts';
import { scrape, startService } from './server.ts';
import { treeAt } from './trees.ts';

const MIB = 1_048_576;
const POLL_MS = 50;
/** An upgrade that is not over by then never will be. */
const UPGRADE_MS_MAX = 2 * 3_600_000;
/** What schema 6 derived from the messages inside the database. */
const OLD_TABLES = [
  'by_time',
  'by_sender',
  'segments',
  'sender_segments',
  'senders',
  'sender_progress',
  'search_postings',
  'search_blocks',
];

interface Sizes {
  readonly database_mib: number;
  /** Pages of the database that hold nothing and will be used again. */
  readonly free_mib: number;
  readonly index_mib: number;
}

const options = readOptions({ size: '1000000', old: '', keep: '' });
const [rows = 0] = readNumbers(options.size);
if (options.old === '') throw new Error('--old PATH names the older tree');
const old = treeAt(options.old);
const directory = workingDirectory();
const path = join(directory, 'app.db');
copyTable(importedTable(old, rows, options.keep).path, path);
const before = sizes();
if (oldTables() === 0) throw new Error(`${old.name} made no table of schema 6`);

const startMs = performance.now();
const server = await startService(path, 'null');
/** What is waited for, in seconds from the start of the process. */
const seen = new Map<string, number>([['ready', server.readyMs / 1_000]]);
const WAITED: readonly (readonly [what: string, holds: (behind: Backlog) => unknown])[] = [
  ['the first page and its total are answered', () => answers('/messages?limit=50', rows)],
  ['lists are up to date', ({ lists }) => lists === 0],
  ['a search is answered', () => answers(`/messages?q=${RARE_WORD}`, planted(rows).rare)],
  ['search is up to date', ({ search }) => search === 0],
  ['the old tables are gone', () => oldTables() === 0],
];
while (seen.size <= WAITED.length) {
  if (performance.now() - startMs > UPGRADE_MS_MAX)
    throw new Error(`the upgrade is not over; seen so far: ${[...seen.keys()].join(', ')}`);
  const behind = backlogOf(await scrape(server.url)) ?? { lists: Number.NaN, search: Number.NaN };
  for (const [what, holds] of WAITED)
    if (!seen.has(what) && (await holds(behind)) === true)
      seen.set(what, (performance.now() - startMs) / 1_000);
  const { lists, search } = behind;
  if (lists + search > 0) progressPart('indexed', 2 * rows - lists - search, 2 * rows);
  else progressPart('old tables gone', OLD_TABLES.length - oldTables(), OLD_TABLES.length);
  await sleep(POLL_MS);
}
const { peak_rss_mib } = memory(server.pid);
await server.stop();
report(sizes());

/** Whether a read is answered, and with the total that it must have. */
async function answers(query: string, total: number): Promise<boolean> {
  const response = await fetch(server.url + query);
  const body = (await response.json()) as { total?: number };
  if (response.status === 200 && body.total !== total)
    throw new Error(`${query}: total is ${body.total ?? 'not there'}, not ${total}`);
  return response.status === 200;
}

/** How many of the old tables are still there. */
function oldTables(): number {
  const database = new DatabaseSync(path, { readOnly: true });
  const found = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  database.close();
  return found.filter(({ name }) => OLD_TABLES.includes(String(name))).length;
}

function sizes(): Sizes {
  const database = new DatabaseSync(path);
  const free = Number(database.prepare('PRAGMA freelist_count').get()?.['freelist_count']);
  const page = Number(database.prepare('PRAGMA page_size').get()?.['page_size']);
  database.close();
  const bytes = (name: string): number => statSync(name, { throwIfNoEntry: false })?.size ?? 0;
  return {
    database_mib: bytes(path) / MIB,
    free_mib: (free * page) / MIB,
    index_mib: bytes(`${path}-index`) / MIB,
  };
}

function report(after: Sizes): void {
  printTable(
    `An upgrade of ${rows.toLocaleString('en')} messages from ${old.name}, seconds from the start of the process`,
    ['', 's'],
    [...seen].map(([what, seconds]) => [what, shown(seconds)]),
  );
  printTable(
    'Sizes, MiB',
    ['', 'before', 'after'],
    [
      ['database', shown(before.database_mib), shown(after.database_mib)],
      ['  of it free', shown(before.free_mib), shown(after.free_mib)],
      ['index file', shown(before.index_mib), shown(after.index_mib)],
    ],
  );
  process.stdout.write(`memory at most: ${peak_rss_mib} MiB; ${loadAverage()}\n`);
  const figures = { rows, old, seconds: Object.fromEntries(seen), before, after, peak_rss_mib };
  process.stdout.write(`\n${writeResults('upgrade', figures)}\n`);
}
