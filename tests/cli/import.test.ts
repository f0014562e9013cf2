// `oncebox import`: rows that are no messages are told, and the others are stored, also beside a service.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { during } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { query } from '../support/database.ts';
import { message } from '../support/message.ts';
import type { Draft } from '../support/message.ts';
import { startService } from '../support/service.ts';
import { call, database, file, importInto, ndjson } from './calls.ts';

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
    const figures = await during(importing, async () => {
      const draft = message({ from: '+888' });
      await service.store(draft);
      stored.push(draft);
    });
    assert.equal(figures['created'], 6_000);
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
