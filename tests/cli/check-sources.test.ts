// `oncebox check` finds what is wrong with events, deliveries and the counts of sources, and what `--repair` and `replay` can do about it.
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from '../support/cleanup.ts';
import { execute } from '../support/database.ts';
import { message } from '../support/message.ts';
import { type Environment, startService } from '../support/service.ts';
import { SOURCES, store, whatsapp, whatsappStatus, whatsappText } from '../support/sources.ts';
import { type Result, oncebox } from './oncebox.ts';

const AT = '2025-01-15T09:00:00Z';

/** Five items in three posts: messages 1 and 2 with the event 3; event 4; event 5. Then a message of the default source. */
async function filled(t: TestContext): Promise<{ path: string; env: Environment }> {
  const service = await startService(t, { env: SOURCES });
  const messages = ['a', 'b'].map((id) => whatsappText(id, `text of ${id}`));
  await store(service, 'wa', whatsapp({ messages, statuses: [whatsappStatus('a', 'read')] }));
  for (const id of ['1', '2']) await store(service, 'bill', { id, type: 'paid', at: AT });
  await service.store(message({ message_id: 'plain' }));
  await service.stop();
  return { path: service.databasePath, env: { ...SOURCES, DATABASE_URL: service.databaseUrl } };
}

/** Ways in which it may be wrong: which check finds it, what it says, and what is left after a repair. */
const WRONG: readonly (readonly [
  name: string,
  sql: string,
  finding: string,
  says: RegExp,
  left: readonly string[],
])[] = [
  [
    'the count of events',
    "UPDATE counters SET value = value + 1 WHERE name = 'events'",
    'counters',
    /^events: 4 kept, 3 by a scan$/,
    [],
  ],
  [
    'a count of a source',
    "UPDATE sources SET messages = messages + 1 WHERE source = 'wa'",
    'counters',
    /^messages of the source wa: 3 kept, 2 by a scan$/,
    [],
  ],
  [
    'a source that is not counted',
    "DELETE FROM sources WHERE source = 'bill'",
    'counters',
    /^events of the source bill: 0 kept, 2 by a scan$/,
    [],
  ],
  [
    'a source of which nothing is left',
    "INSERT INTO sources VALUES ('gone', 0, 0, 1, NULL)",
    'counters',
    /^deliveries of the source gone: 1 kept, 0 by a scan$/,
    [],
  ],
  [
    'an event with the number of a message',
    "UPDATE events SET seq = 1 WHERE event_id = 'wa:a:read'",
    'counters',
    /^numbers that a message and an event have: 1 kept, 0 by a scan$/,
    ['counters'],
  ],
  [
    'an event with a number that was never given',
    "UPDATE events SET seq = 99 WHERE event_id = 'bill:2'",
    'counters',
    /^events with a number above the last one given: 1 kept, 0 by a scan$/,
    [],
  ],
  [
    'a delivery that is gone',
    "DELETE FROM deliveries WHERE number = 4; UPDATE sources SET deliveries = 1 WHERE source = 'bill'",
    'deliveries',
    /^1 deliveries that are missing, and of which there are items: 4$/,
    [],
  ],
  [
    'a delivery without an item',
    "UPDATE events SET delivery = NULL WHERE event_id = 'bill:2'",
    'deliveries',
    /^1 deliveries without an item: 5$/,
    ['deliveries'],
  ],
  [
    'a number above that of an item',
    'UPDATE deliveries SET number = 3 WHERE number = 1; UPDATE messages SET delivery = 3 WHERE delivery = 1; UPDATE events SET delivery = 3 WHERE delivery = 1',
    'deliveries',
    /^1 deliveries with a number above that of an item: 3$/,
    ['deliveries'],
  ],
  [
    'items of two sources in one delivery',
    "UPDATE events SET delivery = 1 WHERE event_id = 'bill:2'; DELETE FROM deliveries WHERE number = 5; UPDATE sources SET deliveries = 1 WHERE source = 'bill'",
    'deliveries',
    /^1 deliveries of another source than an item: 1$/,
    ['deliveries'],
  ],
  [
    'headers that are no JSON',
    "UPDATE deliveries SET headers = '[' WHERE number = 5",
    'deliveries',
    /^1 deliveries whose headers cannot be read: 5$/,
    ['deliveries'],
  ],
];

function findings(result: Result): { name: string; problems: string[] }[] {
  const all = result.json()['findings'] as { name: string; problems: string[] }[];
  return all.filter(({ problems }) => problems.length > 0);
}

describe('a check of what named sources have sent', () => {
  it('finds nothing wrong where nothing is, and says how much there is', async (t) => {
    const { env } = await filled(t);
    for (const args of [['check'], ['check', '--repair']]) {
      const { code, stdout } = await oncebox(t, args, { env });
      assert.equal(code, 0, stdout);
      assert.match(stdout, /: 3 messages, 3 events, 3 deliveries, schema version \d+$/m);
      assert.match(stdout, /^ok +deliveries +deliveries, against their messages and events/m);
    }
    const json = (await oncebox(t, ['check', '--json', '--quick'], { env })).json();
    assert.deepEqual([json['messages'], json['events'], json['deliveries']], [3, 3, 3]);
    const { stdout } = await oncebox(t, ['stats'], { env });
    assert.match(stdout, /^sources +messages +events +deliveries +last received$/m);
    assert.match(stdout, /^bill +0 +2 +2 +2\d\d\d-/m);
    assert.match(stdout, /^default +1 +0 +0 +2\d\d\d-/m);
    const stats = (await oncebox(t, ['stats', '--json'], { env })).json();
    assert.deepEqual(
      (stats['sources'] as { source: string }[]).map(({ source }) => source),
      ['bill', 'default', 'wa'],
    );
  });

  it('finds each thing that is wrong, and repairs what can be told from the rest', async (t) => {
    const original = await filled(t);
    for (const [name, sql, finding, says, left] of WRONG) {
      const path = join(temporaryDirectory(t), 'app.db');
      copyFileSync(original.path, path);
      const env = { ...SOURCES, DATABASE_URL: `sqlite:///${path}` };
      execute(path, sql);
      const result = await oncebox(t, ['check', '--json'], { env });
      assert.equal(result.code, 1, name);
      const [found, ...others] = findings(result);
      assert.deepEqual([found?.name, others], [finding, []], name);
      assert.match(found?.problems[0] ?? '', says);
      const repaired = await oncebox(t, ['check', '--json', '--repair'], { env });
      const names = findings(repaired).map((each) => each.name);
      assert.deepEqual(names, left, name);
    }
  });

  it('is satisfied after a replay of a delivery that has lost its items', async (t) => {
    const { path, env } = await filled(t);
    execute(path, "DELETE FROM events WHERE event_id = 'bill:2'");
    const repaired = await oncebox(t, ['check', '--repair'], { env });
    assert.equal(repaired.code, 1);
    assert.match(repaired.stdout, /^deliveries: 1 deliveries without an item: 5$/m);
    const replayed = await oncebox(t, ['replay', '5', '--json'], { env });
    assert.equal(replayed.json()['created'], 1);
    const { code, stdout } = await oncebox(t, ['check'], { env });
    assert.equal(code, 0, stdout);
  });
});
