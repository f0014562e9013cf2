// docs/reference/limits.md against the constants of the code: each figure of a row, and no row that is not held.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { page, tableOf } from '../support/markdown.ts';

const PAGE_BYTES = 4_096;
const KIB = 1_024;
const MIB = 1_048_576;

/** The value of a constant, by its text: most of them are known to their own file alone. */
function valueOf(file: string, name: string): number {
  const found = page(`app/${file}`).match(
    new RegExp(`^(?:export )?const ${name} = ([^;]+);$`, 'm'),
  );
  const factors = (found?.[1] ?? '').split('*').map((part) => part.trim().replaceAll('_', ''));
  const value = factors.reduce((product, factor) => product * Number(factor || Number.NaN), 1);
  assert.ok(Number.isInteger(value), `app/${file} has no number ${name}`);
  return value;
}

type Figure = readonly [file: string, name: string, factor?: number];

const plain = (value: number): string => value.toLocaleString('en');
const inUnit =
  (unit: string, size: number) =>
  (...[file, name, factor = 1]: Figure): string =>
    `${plain((valueOf(file, name) * factor) / size)}${unit}`;
const count = inUnit('', 1);
const seconds = inUnit(' s', 1_000);
const milliseconds = inUnit(' ms', 1);
const kib = inUnit(' KiB', KIB);
const mib = inUnit(' MiB', MIB);
const mi = inUnit(' Mi', MIB);

const BODY = 'http/body.ts';
const SERVER = 'http/server.ts';
const CONNECTION = 'http/connection.ts';
const ISSUE = 'model/validation-issue.ts';
const ITEMS = 'sources/items.ts';
const QUEUE = 'storage/append-queue.ts';
const BROADCASTER = 'http/stream/broadcaster.ts';
const SUBSCRIBER = 'http/stream/subscriber.ts';
const REPLAY = 'http/routes/forward-replay.ts';
const LIMITS = 'storage/sqlite/file/limits.ts';
const INDEXER = 'storage/sqlite/index/indexer.ts';
const RETENTION = 'storage/sqlite/write/retention.ts';
const WRITER = 'storage/sqlite/write/writer-thread.ts';
const STORE = 'storage/sqlite/store.ts';
const READERS = 'storage/sqlite/read/readers.ts';
const STDOUT = 'observe/stdout.ts';
const POOLS = 'storage/postgres/database/pools.ts';
const DERIVED = 'storage/postgres/index/limits.ts';

/** By the first cell of a row, the figures of the others, in their order. */
const ROWS: Readonly<Record<string, readonly string[]>> = {
  'headers of a request': [kib(SERVER, 'HEADER_BYTES_MAX'), seconds(SERVER, 'HEADERS_TIMEOUT_MS')],
  'a request, until all of it has arrived': [seconds(SERVER, 'REQUEST_TIMEOUT_MS')],
  'a new connection, until its first byte': [seconds(SERVER, 'HEADERS_TIMEOUT_MS')],
  'a connection after its last response': [seconds(CONNECTION, 'LINGER_MS')],
  // Node looks for progress once in each interval, so that a client has up to two.
  'a response of which the client reads nothing': [
    seconds(CONNECTION, 'LAST_UNREAD_MS', 2),
    seconds(CONNECTION, 'UNREAD_MS', 2),
  ],
  'an idle connection': [seconds(SERVER, 'KEEP_ALIVE_TIMEOUT_MS')],
  body: [count(BODY, 'DISCARD_FACTOR')],
  'a body that steers forwarding': [
    mib('http/json-body.ts', 'JSON_BYTES_MAX'),
    count('http/openapi/forward-schemas.ts', 'IDS_MAX'),
  ],
  'a replay of forwarding': [replayItems(), count(REPLAY, 'STEP_ENTRIES')],
  'incomplete bodies, all together': [mib(BODY, 'IN_FLIGHT_BYTES_MAX')],
  'what a 422 repeats of the input': [
    count(ISSUE, 'INPUT_UNITS_MAX'),
    count(ISSUE, 'INPUT_ENTRIES_MAX'),
    count(ISSUE, 'INPUT_DEPTH_MAX'),
  ],
  'conflicts that are kept for one id': [count('model/item.ts', 'CONFLICTS_MAX')],
  'items of one post': [count(ITEMS, 'DELIVERY_ITEMS_MAX')],
  'fields of a form': [count('sources/form.ts', 'FORM_FIELDS_MAX')],
  'named sources': [count('config/sources.ts', 'SOURCES_MAX')],
  'a post whose signature is tried for other sources': [kib('ingest/hint.ts', 'BODY_BYTES_MAX')],
  'the text of a message of a named source': [count(ITEMS, 'TEXT_UNITS_MAX')],
  'its `from`, `to` and `kind`, the type of an event': [count(ITEMS, 'NAME_UNITS_MAX')],
  'the id of an item': [count(ITEMS, 'ID_UNITS_MAX')],
  'a header that is kept with a delivery': [count('ingest/kept-headers.ts', 'VALUE_UNITS_MAX')],
  'messages that wait for the writer': [mi(QUEUE, 'QUEUE_UNITS_MAX')],
  'waiting for the writer, beyond a full batch': [seconds(QUEUE, 'WAIT_MS_MAX')],
  'open connections': [],
  'connections not accepted yet': [count(SERVER, 'BACKLOG')],
  'messages in a batch': [count(QUEUE, 'BATCH_MESSAGES')],
  'a commit of a batch': [seconds(QUEUE, 'COMMIT_MS_MAX')],
  'a lock that another process holds': [
    seconds('storage/sqlite/file/connection.ts', 'BUSY_TIMEOUT_MS'),
    seconds(WRITER, 'OPEN_LOCK_MS_MAX'),
    seconds('storage/sqlite/maintenance/yielding-writer.ts', 'LOCKED_MS_MAX'),
  ],
  'a batch of the index': [
    count(INDEXER, 'LIST_BATCH_MESSAGES'),
    count(INDEXER, 'SEARCH_BATCH_MESSAGES'),
    mi(INDEXER, 'SEARCH_BATCH_UNITS'),
  ],
  'messages that the lists lack': [
    count(LIMITS, 'LIST_BACKLOG_MESSAGES_MAX'),
    count(LIMITS, 'TAIL_MESSAGES_MAX'),
    milliseconds(WRITER, 'INDEX_WAIT_MS_MAX'),
  ],
  'messages that the index lacks for `q`': [
    count('storage/sqlite/read/candidates.ts', 'SEARCH_TAIL_MAX'),
  ],
  'removals that the index has not applied': [
    count(LIMITS, 'REMOVALS_AHEAD_MAX'),
    count(LIMITS, 'TAIL_REMOVALS_MAX'),
  ],
  'a step of retention': [count(RETENTION, 'STEP_ITEMS'), count(RETENTION, 'STEP_PAGES')],
  'a message of the default source in an import': [mib('cli/transfer/row.ts', 'MESSAGE_BYTES_MAX')],
  'a line of an import': [mib('cli/transfer/read-thread.ts', 'LINE_BYTES_MAX')],
  'a file with a secret': [kib('config/secret-file.ts', 'SECRET_BYTES_MAX')],
  'queries that wait for a reader': [
    count('storage/sqlite/read/reader-pool.ts', 'QUERIES_WAITING_MAX'),
  ],
  'state queries that wait': [],
  'the WAL, beside reads': [mib(LIMITS, 'LONG_WAL_FRAMES', PAGE_BYTES)],
  'the WAL, without a snapshot that blocks it': [
    mib('storage/sqlite/write/checkpoints.ts', 'WAL_FRAMES_MAX', PAGE_BYTES),
  ],
  'matches that a search keeps in memory': [count('storage/sqlite/read/search.ts', 'KEPT_MAX')],
  'one query; a check or a scrape': [
    seconds(READERS, 'READ_TIMEOUT_MS'),
    seconds(STORE, 'STATE_TIMEOUT_MS'),
  ],
  'open streams': [count(BROADCASTER, 'SUBSCRIBERS_MAX')],
  'statuses and conflicts shown with a message': [
    count('model/page-size.ts', 'EVENTS_OF_MESSAGE_MAX'),
  ],
  'data that waits for a slow stream client': [
    kib(SUBSCRIBER, 'BUFFERED_BYTES_MAX'),
    seconds(SUBSCRIBER, 'STALLED_MS_MAX'),
  ],
  'all streams together': [
    mib(BROADCASTER, 'BYTES_PER_SECOND_MAX'),
    count(BROADCASTER, 'ENTRIES_PER_SECOND_MAX'),
  ],
  'buckets of a timeline': [count('model/timeline.ts', 'TIMELINE_BUCKETS_MAX')],
  'pages, items and deliveries sent, together': [mib('http/large-replies.ts', 'WAITING_BYTES_MAX')],
  'messages or events on a page': [count('model/page-size.ts', 'PAGE_MESSAGES_MAX')],
  'log lines that no process reads': [mib(STDOUT, 'BUFFER_BYTES_MAX')],
  'the last log lines, when the process ends': [seconds(STDOUT, 'CLOSE_MS_MAX')],
  'path, message id, request id in a log line': [
    count('observe/request-line.ts', 'PATH_UNITS_MAX'),
    count('ingest/decode.ts', 'LOGGED_ID_UNITS_MAX'),
    requestIdLength(),
  ],
  'connections of a replica': [
    count(POOLS, 'APPEND_CONNECTIONS'),
    count(POOLS, 'BACKGROUND_CONNECTIONS'),
    '1',
    '1',
    count(POOLS, 'FORWARD_CONNECTIONS'),
  ],
  'reads that wait for a connection': [count(POOLS, 'READS_WAITING_MAX')],
  'connecting to one host': [seconds('storage/postgres/database/session.ts', 'CONNECT_MS_MAX')],
  'an append that waits for other appends': [
    seconds('storage/postgres/write/durable.ts', 'LOCK_MS_MAX'),
  ],
  'commits that wait for standbys without a client': [count(POOLS, 'APPEND_CONNECTIONS')],
  'a start while the server is away': [
    seconds('storage/postgres/database/start.ts', 'START_MS_MAX'),
  ],
  'the lease of a destination': [
    `${count('storage/postgres/forward/lease.ts', 'LEASE_SECONDS')} s`,
  ],
  'the lease of background work': [
    `${count('storage/postgres/index/lease.ts', 'LEASE_SECONDS')} s`,
    seconds('storage/postgres/index/lease.ts', 'RENEW_MS'),
  ],
  'polling for what other replicas stored': [
    milliseconds('storage/postgres/read/follower.ts', 'POLL_MS'),
  ],
  'messages of a step of the lists; of search': [
    count('storage/postgres/index/lists.ts', 'STEP_MESSAGES'),
    count('storage/postgres/index/search-filler.ts', 'STEP_MESSAGES'),
  ],
  'messages that the lists lack, PostgreSQL': [count(DERIVED, 'TAIL_MESSAGES_MAX')],
  'messages that search lacks, PostgreSQL': [count(DERIVED, 'SEARCH_TAIL_MAX')],
  'a step of retention or prune': [count('storage/postgres/write/retention.ts', 'STEP_ITEMS')],
  'memory of the server for one search': [workMemory()],
  'requests in flight at a stop': [seconds('service.ts', 'DRAIN_TIMEOUT_MS')],
};

/** Units of PostgreSQL are written as it writes them. */
function workMemory(): string {
  return /work_mem = '(\d+)MB'/.exec(page('app/storage/postgres/read/search.ts'))?.[1] ?? 'none';
}

/** Items of all steps of one request. */
function replayItems(): string {
  return plain(valueOf(REPLAY, 'STEP_ENTRIES') * valueOf(REPLAY, 'STEPS_MAX'));
}

/** The length of a caller's own id for a request: part of an expression. */
function requestIdLength(): string {
  return /\{1,(\d+)\}/.exec(page('app/http/exchange.ts'))?.[1] ?? 'none';
}

/** The figures of a cell with their units, without what is no limit: settings, decisions, UTF-16. */
function figuresOf(cell: string): string[] {
  const bare = cell.replaceAll(/`[^`]*`|\[\d+\]\([^)]*\)|UTF-16/g, '');
  return [...bare.matchAll(/\d[\d,]*\d|\d/g)].map(({ 0: figure, index }) => {
    const [unit = ''] = /^ (?:KiB|MiB|Mi|ms|s)\b/.exec(bare.slice(index + figure.length)) ?? [];
    return figure + unit;
  });
}

describe('the limits of the reference', () => {
  const table = tableOf(page('docs/reference/limits.md'), 'what');

  it('are all held by this test', () => {
    assert.deepEqual(table.map(({ what = '' }) => what).toSorted(), Object.keys(ROWS).toSorted());
  });

  for (const { what = '', limit = '', 'beyond it': over = '' } of table)
    it(`are those of the code: ${what}`, () => {
      const withoutStatuses = over.replaceAll(/\b[45]\d\d\b/g, '');
      const figures = [...figuresOf(limit), ...figuresOf(withoutStatuses)];
      assert.deepEqual(figures, ROWS[what]);
    });
});
