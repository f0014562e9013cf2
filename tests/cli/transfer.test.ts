// `oncebox export` and `oncebox import`: what goes out comes in again, each message once, whatever is in it.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { temporaryDirectory } from '../support/cleanup.ts';
import { execute, query } from '../support/database.ts';
import { message } from '../support/message.ts';
import type { Draft } from '../support/message.ts';
import { startService } from '../support/service.ts';
import { oncebox, start } from './oncebox.ts';
import type { Result } from './oncebox.ts';

/** Texts that a format, a terminal or a spreadsheet may trip over. */
const HOSTILE = [
  null,
  '',
  ' ',
  '  both ends  ',
  '"',
  '""',
  'a,b;c\td',
  'line\nfeed',
  'carriage\r\nreturn',
  '\r',
  '\n',
  '=1+2',
  '+1',
  '-1',
  '@SUM(A1)',
  "'already",
  "''",
  '\t=1',
  'x\0y',
  '\u{feff}bom',
  '\u{1f600}\u{1f600}',
  '\u2028\u2029',
  'safe_text',
  '\\N',
  'NULL',
  '"quoted", and more',
  `${'long '.repeat(800)}`,
];

const hostile = (): Draft[] =>
  HOSTILE.map((text, at) =>
    message({
      message_id: at % 2 === 0 ? `id-${at}` : `=${at},"\n${text ?? ''}`.slice(0, 500),
      from: `+49${at % 3}`,
      ts: `2025-01-15T10:00:00.${at}Z`,
      text,
    }),
  );

function file(t: TestContext, name: string, lines: readonly string[]): string {
  const path = join(temporaryDirectory(t), name);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  return path;
}

function ndjson(t: TestContext, drafts: readonly Draft[]): string {
  return file(
    t,
    'messages.ndjson',
    drafts.map((draft) => JSON.stringify(draft)),
  );
}

/** Ends well, or with the code that is expected. */
async function call(t: TestContext, args: readonly string[], code = 0): Promise<Result> {
  const result = await oncebox(t, args);
  assert.equal(result.code, code, result.stderr);
  return result;
}

async function importInto(
  t: TestContext,
  database: string,
  from: string,
  code = 0,
): Promise<Record<string, unknown>> {
  return (await call(t, ['import', '-d', database, '--json', from], code)).json();
}

function database(t: TestContext): string {
  return join(temporaryDirectory(t), 'app.db');
}

const ALL =
  'SELECT message_id, from_msisdn, to_msisdn, ts, text, created_at FROM messages ORDER BY message_id';

describe('export and import', () => {
  for (const format of [['messages.ndjson'], ['messages.csv'], ['guarded.csv', '--spreadsheet']]) {
    it(`give the same messages again, hostile ones too, by way of ${format.join(' ')}`, async (t) => {
      const [first, second] = [database(t), database(t)];
      await importInto(t, first, ndjson(t, hostile()));
      execute(
        first,
        "UPDATE messages SET created_at = '2025-01-16T00:00:00.' || printf('%03d', seq) || 'Z'",
      );
      const [name, ...options] = format;
      const out = join(temporaryDirectory(t), name ?? '');
      const told = (await call(t, ['export', '-d', first, '-o', out, '--json', ...options])).json();
      assert.equal(told['messages'], HOSTILE.length);
      assert.deepEqual(readdirSync(join(out, '..')), [name]);
      const figures = await importInto(t, second, out);
      assert.deepEqual([figures['created'], figures['rejected']], [HOSTILE.length, 0]);
      assert.deepEqual(query(second, ALL), query(first, ALL));
      const again = await importInto(t, second, out);
      assert.deepEqual([again['created'], again['duplicates']], [0, HOSTILE.length]);
    });
  }

  it('no cell of a guarded file begins as a formula does', async (t) => {
    const path = database(t);
    await importInto(t, path, ndjson(t, hostile()));
    const { stdout } = await call(t, ['export', '-d', path, '--format', 'csv', '--spreadsheet']);
    assert.match(stdout, /^\u{feff}safe_message_id,safe_from,safe_to,ts,safe_text,created_at\r\n/u);
    const cells = stdout.matchAll(/(?:^|,|\r\n)(?:"((?:[^"]|"")*)"|([^",\r\n]*))/g);
    const began = [...cells].map(([, quoted, plain]) => (quoted ?? plain ?? '').slice(0, 1));
    assert.equal(began.filter((first) => first !== '' && '=+-@\t\r'.includes(first)).length, 0);
    assert.ok(began.filter((first) => first === "'").length > HOSTILE.length);
  });

  it('an export is what GET /messages lists, with the same filters', async (t) => {
    const service = await startService(t);
    const drafts = Array.from({ length: 150 }, (_, at) =>
      message({
        from: `+1${at % 4}`,
        ts: `2025-01-15T10:${String((at * 7) % 60).padStart(2, '0')}:00Z`,
        text: `Text ${at} ${at % 5 === 0 ? 'ÉCLAIR 100%' : ''}`,
      }),
    );
    await service.store(...drafts);
    const filters: Record<string, string>[] = [
      {},
      { from: '+12' },
      { since: '2025-01-15T10:30:00Z' },
      { q: 'éclair 100%' },
      { from: '+10', since: '2025-01-15T10:10:00Z', q: 'text' },
    ];
    for (const filter of filters) {
      const parameters = new URLSearchParams({ ...filter, limit: '100' });
      const listed = [0, 100].map((offset) => service.ids(`?${parameters}&offset=${offset}`));
      const options = Object.entries(filter).flatMap(([name, value]) => [`--${name}`, value]);
      const { stdout } = await call(t, ['export', '-d', service.databasePath, ...options]);
      const ids = stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => (JSON.parse(line) as { message_id: string }).message_id);
      assert.deepEqual(ids, (await Promise.all(listed)).flat(), JSON.stringify(filter));
    }
    const until = ['--until', '2025-01-15T10:30:00Z'];
    const { stdout } = await call(t, ['export', '-d', service.databasePath, ...until]);
    const total = (await service.page('?since=2025-01-15T10:30:00Z&limit=1')).total;
    assert.equal(stdout.split('\n').length - 1, 150 - total);
  });

  it('an export whose reader has seen enough ends quietly, and one that fails leaves no file', async (t) => {
    const path = database(t);
    await importInto(
      t,
      path,
      ndjson(
        t,
        Array.from({ length: 5_000 }, () => message({ text: 'x'.repeat(500) })),
      ),
    );
    const { child, ended } = start(t, ['export', '-d', path]);
    child.stdout?.once('data', () => child.stdout?.destroy());
    const { code, stderr } = await ended;
    assert.deepEqual([code, stderr], [0, '']);
    const directory = temporaryDirectory(t);
    execute(path, 'DROP TABLE by_time');
    await call(t, ['export', '-d', path, '-o', join(directory, 'out.ndjson')], 1);
    assert.deepEqual(readdirSync(directory), []);
  });
});

describe('import', () => {
  it('says of each row that is no message in which line it is and why, and takes the others', async (t) => {
    const path = database(t);
    const good = message({ message_id: 'good' });
    const lines = [
      JSON.stringify(good),
      'not JSON',
      '[1]',
      JSON.stringify({ ...good, message_id: '' }),
      '',
      JSON.stringify({ ...good, message_id: 'late', from: '123', ts: '2025-02-30T00:00:00Z' }),
      JSON.stringify({ ...good, text: 'other' }),
      JSON.stringify({ ...good, message_id: 'future', created_at: '9999-01-01T00:00:00Z' }),
      `{"message_id":"${'x'.repeat(1_100_000)}"}`,
      JSON.stringify(message({ message_id: 'last' })),
    ];
    const input = file(t, 'in.ndjson', lines);
    const figures = await importInto(t, path, input, 4);
    assert.deepEqual(
      [figures['rows'], figures['created'], figures['rejected'], figures['conflicts']],
      [9, 2, 6, 1],
    );
    const rejects = String(figures['rejects']);
    assert.equal(rejects, `${input}.rejects.ndjson`);
    const told = readFileSync(rejects, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { line: number; reason: string; input: string });
    assert.deepEqual(
      told.map(({ line }) => line),
      [2, 3, 4, 6, 7, 8, 9],
    );
    const reasons = told.map(({ reason }) => reason);
    assert.match(reasons[0] ?? '', /not valid JSON/);
    assert.match(reasons[2] ?? '', /^message_id: .*at least 1 character/);
    assert.match(reasons[3] ?? '', /^from: .*pattern.*; ts: .*instant/);
    assert.match(reasons[4] ?? '', /another message with this id/);
    assert.match(reasons[5] ?? '', /created_at/);
    assert.match(reasons[6] ?? '', /longer than 1 MiB/);
    assert.equal(told[0]?.input, 'not JSON');
    assert.deepEqual(
      query(path, 'SELECT message_id FROM messages ORDER BY 1').map((row) => row['message_id']),
      ['good', 'last'],
    );
  });

  it('CSV: columns in any order and beyond ours, a wrong number of cells, lines of texts with line feeds', async (t) => {
    const path = database(t);
    const rows = [
      'extra,text,ts,to,from,message_id',
      'x,"two\nlines",2025-01-15T10:00:00Z,+2,+1,a',
      'x,,2025-01-15T10:00:00Z,+2,+1,b',
      'x,"",2025-01-15T10:00:00Z,+2,+1',
      'x,"",2025-01-15T10:00:00Z,+2,no,c',
      'x,"",2025-01-15T10:00:00Z,+2,+1,d',
    ];
    const input = file(t, 'in.csv', rows);
    const figures = await importInto(t, path, input, 4);
    assert.deepEqual([figures['created'], figures['rejected']], [3, 2]);
    assert.deepEqual(
      query(path, 'SELECT message_id, text FROM messages ORDER BY 1').map((row) => [
        row['message_id'],
        row['text'],
      ]),
      [
        ['a', 'two\nlines'],
        ['b', null],
        ['d', ''],
      ],
    );
    const told = readFileSync(`${input}.rejects.ndjson`, 'utf8').trimEnd().split('\n');
    assert.deepEqual(
      told.map((line) => (JSON.parse(line) as { line: number }).line),
      [5, 6],
    );
  });

  const UNREADABLE: readonly (readonly [string, Buffer, RegExp])[] = [
    [
      'headings without a column of ours',
      Buffer.from('id,from\n1,2\n'),
      /names no column message_id, to, ts/,
    ],
    ['a quote that never ends', Buffer.from('message_id,from,to,ts\na,"b,c\n'), /quote/i],
    [
      'bytes that are not UTF-8',
      Buffer.from('message_id,from,to,ts\na,\xff,+1,b\n', 'latin1'),
      /not UTF-8/,
    ],
  ];
  for (const [name, bytes, reason] of UNREADABLE) {
    it(`CSV with ${name} is refused with a reason`, async (t) => {
      const input = join(temporaryDirectory(t), 'in.csv');
      writeFileSync(input, bytes);
      const { stderr } = await call(t, ['import', '-d', database(t), input], 1);
      assert.match(stderr, reason);
    });
  }

  it('goes on beside a service, which lists, finds and counts what was imported', async (t) => {
    const service = await startService(t);
    await service.store(message({ message_id: 'before' }));
    const drafts = Array.from({ length: 6_000 }, (_, at) =>
      message({ message_id: `in-${at}`, from: '+777', text: `imported ${at} end` }),
    );
    const stored: Draft[] = [];
    const importing = importInto(t, service.databasePath, ndjson(t, drafts));
    let done = false;
    void importing.finally(() => (done = true));
    while (!done) {
      const draft = message({ from: '+888' });
      await service.store(draft);
      stored.push(draft);
    }
    assert.equal((await importing)['created'], 6_000);
    assert.equal((await service.page('?from=%2B777&limit=1')).total, 6_000);
    assert.equal((await service.page('?from=%2B888&limit=1')).total, stored.length);
    assert.equal((await service.page('?q=IMPORTED+5999+END')).total, 1);
    const answer = await service.get('/stats');
    assert.equal(
      (answer.json() as { total_messages: number }).total_messages,
      6_001 + stored.length,
    );
    assert.equal((await service.post(drafts[3] ?? '')).status, 200);
    assert.equal((await service.page('?from=%2B777&limit=1')).total, 6_000);
  });

  it('refuses a file that is not there, and leaves no database behind', async (t) => {
    const path = database(t);
    const { stderr } = await call(t, ['import', '-d', path, '/nowhere/in.ndjson'], 1);
    assert.match(stderr, /does not exist/);
    assert.equal(existsSync(path), false);
  });
});
