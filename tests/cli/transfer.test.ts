// `oncebox export` and `oncebox import`: what goes out comes in again, each message once, whatever is in it.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryDirectory } from '../support/cleanup.ts';
import { execute, query } from '../support/database.ts';
import { message } from '../support/message.ts';
import type { Draft } from '../support/message.ts';
import { startService } from '../support/service.ts';
import { call, database, importInto, ndjson } from './calls.ts';
import { start } from './oncebox.ts';

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
  '\n=1',
  '＝1',
  "x;=cmd|' /C calc'!A0;y",
  "x;'y;''z",
  'x;\t+1',
  'x\0y',
  '\u{feff}bom',
  '\u{1f600}\u{1f600}',
  '\u2028\u2029',
  'safe_text',
  '\\N',
  'NULL',
  '"quoted", and more',
  'long '.repeat(800),
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
    // Where the comma is for decimals, a spreadsheet takes semicolons for the ends of cells, in quotes too.
    assert.doesNotMatch(stdout, /[;\t\r\n]"?[=+\-@＝＋－＠]/);
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
      const listed = [0, 100].map((offset) =>
        service.ids(`?${parameters.toString()}&offset=${offset}`),
      );
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
    execute(path, 'DROP TABLE counters');
    await call(t, ['export', '-d', path, '-o', join(directory, 'out.ndjson')], 1);
    assert.deepEqual(readdirSync(directory), []);
  });
});
