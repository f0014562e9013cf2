// The database file as other programs see it: the promised table, safe settings, and files that are refused untouched.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from './support/cleanup.ts';
import { execute, query } from './support/database.ts';
import { message } from './support/message.ts';
import { parseLogLine } from './support/output.ts';
import { ServiceProcess, startService } from './support/service.ts';

describe('the table messages', () => {
  it('has the promised columns, and message_id is its key', async (t) => {
    const service = await startService(t);
    await service.stop();
    const columns = query(
      service.databasePath,
      'SELECT name, type, "notnull", pk FROM pragma_table_info(\'messages\')',
    );
    const named = new Map(
      columns.map((column) => [column['name'], [column['type'], column['notnull']]]),
    );
    for (const name of ['from_msisdn', 'to_msisdn', 'ts', 'created_at'])
      assert.deepEqual(named.get(name), ['TEXT', 1], name);
    assert.deepEqual(named.get('text'), ['TEXT', 0]);
    assert.equal(named.get('message_id')?.[0], 'TEXT');
    execute(service.databasePath, 'INSERT INTO messages SELECT * FROM messages WHERE false');
    const unique = query(
      service.databasePath,
      "SELECT count(*) AS found FROM pragma_index_list('messages') AS l WHERE l.\"unique\" AND (SELECT group_concat(name) FROM pragma_index_info(l.name)) = 'message_id'",
    );
    const [key] = query(
      service.databasePath,
      "SELECT group_concat(name) AS name FROM pragma_table_info('messages') WHERE pk > 0",
    );
    assert.ok(unique[0]?.['found'] === 1 || key?.['name'] === 'message_id');
  });

  it('may be in a file that a link leads to: its log, index and lock are beside the file', async (t) => {
    const directory = temporaryDirectory(t);
    mkdirSync(join(directory, 'real'));
    const link = join(directory, 'link.db');
    symlinkSync('real/app.db', link);
    const env = { DATABASE_URL: `sqlite:///${link}` };
    const first = await startService(t, { directory, env });
    await first.store(message({ message_id: 'by the link' }));
    await first.stop('SIGKILL');
    assert.deepEqual(readdirSync(directory).toSorted(), ['link.db', 'real']);
    const beside = ['app.db', 'app.db-index', 'app.db-lock', 'app.db-wal'];
    const found = readdirSync(join(directory, 'real'));
    assert.deepEqual(
      beside.filter((name) => !found.includes(name)),
      [],
    );
    const second = await startService(t, { directory, env });
    assert.deepEqual(await second.ids(), ['by the link']);
  });

  it('holds what was sent, and created_at in server time', async (t) => {
    const service = await startService(t);
    const before = new Date().toISOString();
    const full = message({
      message_id: 'a\u0000b',
      text: 'c\u0000d',
      ts: '2025-01-15T10:00:00.50Z',
    });
    const bare = message({ message_id: 'bare', text: undefined });
    await service.store(full, bare, { ...full, text: 'later' });
    const after = new Date().toISOString();
    await service.stop();
    const rows = query(
      service.databasePath,
      'SELECT message_id, from_msisdn, to_msisdn, ts, text, created_at FROM messages ORDER BY message_id',
    );
    const shown = rows.map(({ created_at, ...row }) => {
      assert.match(String(created_at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
      const instant = new Date(String(created_at)).toISOString();
      assert.ok(
        instant >= before.slice(0, 19) && instant <= after,
        `${before} ${instant} ${after}`,
      );
      return { ...row };
    });
    const row = (draft: typeof full): object => ({
      message_id: draft.message_id,
      from_msisdn: draft.from,
      to_msisdn: draft.to,
      ts: draft.ts,
      text: draft.text ?? null,
    });
    assert.deepEqual(shown, [row(full), row(bare)]);
  });

  it('is in a file that keeps a write-ahead log and is whole', async (t) => {
    const service = await startService(t);
    await service.store(message());
    await service.stop();
    assert.deepEqual(
      query(service.databasePath, 'PRAGMA journal_mode').map((row) => row['journal_mode']),
      ['wal'],
    );
    assert.deepEqual(
      query(service.databasePath, 'PRAGMA integrity_check').map((row) => row['integrity_check']),
      ['ok'],
    );
    const [version] = query(service.databasePath, 'PRAGMA user_version');
    assert.ok(Number(version?.['user_version']) >= 1, 'the schema has a version');
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    it(`is in the file itself after ${signal}: the write-ahead log is checkpointed`, async (t) => {
      const service = await startService(t);
      const drafts = Array.from({ length: 30 }, () => message());
      await service.store(...drafts);
      await service.stop(signal);
      const log = `${service.databasePath}-wal`;
      assert.ok(!existsSync(log) || statSync(log).size === 0);
      const copy = join(temporaryDirectory(t), 'copy.db');
      copyFileSync(service.databasePath, copy);
      assert.deepEqual(
        query(copy, 'SELECT message_id FROM messages ORDER BY message_id').map((row) =>
          String(row['message_id']),
        ),
        drafts.map((draft) => String(draft.message_id)).toSorted(),
      );
    });

  it('gives each message a number in the order of commit, which VACUUM does not change and no later message gets again', async (t) => {
    const numbers = (path: string): Map<unknown, number> =>
      new Map(
        query(path, `SELECT message_id, ${sequence} AS number FROM messages`).map((row) => [
          row['message_id'],
          Number(row['number']),
        ]),
      );
    const first = await startService(t);
    const drafts = Array.from({ length: 10 }, (_, index) =>
      message({ ts: `2025-01-${String(20 - index)}T00:00:00Z` }),
    );
    await first.store(...drafts);
    await first.stop();
    const sequence = sequenceColumn(first.databasePath);
    const before = numbers(first.databasePath);
    const inOrder = drafts.map((draft) => before.get(draft.message_id) ?? NaN);
    assert.ok(
      inOrder.every((number, index) => index === 0 || number > (inOrder[index - 1] ?? NaN)),
      inOrder.join(),
    );
    execute(
      first.databasePath,
      `DELETE FROM messages WHERE message_id IN ('${String(drafts[3]?.message_id)}', '${String(drafts[9]?.message_id)}')`,
    );
    execute(first.databasePath, 'VACUUM');
    for (const [id, number] of numbers(first.databasePath)) assert.equal(number, before.get(id));
    const second = await startService(t, { directory: first.directory });
    const later = message();
    await second.store(later);
    await second.stop();
    assert.ok((numbers(first.databasePath).get(later.message_id) ?? 0) > Math.max(...inOrder));
  });
});

/** The column that holds the sequence number: the INTEGER PRIMARY KEY, which is the only kind of rowid that VACUUM keeps. */
function sequenceColumn(path: string): string {
  const [column] = query(
    path,
    "SELECT name FROM pragma_table_info('messages') WHERE upper(type) = 'INTEGER' AND (pk = 1 OR name LIKE '%seq%')",
  );
  assert.ok(column, 'there is a column for the sequence number');
  return String(column['name']);
}

describe('a file that is not ours to touch', () => {
  async function refusal(t: TestContext, directory: string): Promise<string> {
    const path = join(directory, 'app.db');
    const digest = (): string => createHash('sha256').update(readFileSync(path)).digest('hex');
    const before = digest();
    const service = new ServiceProcess(t, { directory });
    const { code } = await service.exit();
    assert.ok(code !== 0 && code !== null);
    assert.equal(digest(), before, 'the file is as it was');
    assert.ok(!existsSync(`${path}-wal`) && !existsSync(`${path}-journal`));
    const line = parseLogLine(service.output.stderr);
    assert.deepEqual([line.level, line.event], ['ERROR', 'startup_failed']);
    assert.doesNotMatch(service.output.stderr, /\\n\s+at |\.ts:\d+/);
    return String(line.msg);
  }

  it('a database newer than the program is refused with a clear message', async (t) => {
    const service = await startService(t);
    await service.store(message());
    await service.stop();
    execute(service.databasePath, 'PRAGMA user_version = 9999');
    const said = await refusal(t, service.directory);
    assert.match(said, /9999/);
    assert.match(said, /newer/);
  });

  it('a file that is no SQLite database is refused with a clear message', async (t) => {
    const directory = temporaryDirectory(t);
    writeFileSync(
      join(directory, 'app.db'),
      'This is a text, and it is long enough to be read as a header of a database file. '.repeat(
        100,
      ),
    );
    const said = await refusal(t, directory);
    assert.match(said, /DATABASE_URL/);
    assert.match(said, /not an? (SQLite )?database/i);
  });
});
