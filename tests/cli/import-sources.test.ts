// Import of the lines that an export has of named sources: what is wrong is rejected with the reason, and a kill loses nothing.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cleaner } from '../support/cleanup.ts';
import { message } from '../support/message.ts';
import { archivedBills, call, database, file, importInto } from './calls.ts';
import { oncebox, start } from './oncebox.ts';

type Line = Record<string, unknown>;

async function exported(t: Cleaner, path: string): Promise<Line[]> {
  const { stdout } = await call(t, ['export', '-d', path]);
  return stdout.trimEnd().split('\n').map(parsed);
}

const GOOD = {
  message: {
    message_id: 'wa:1',
    from: 'BSUID.1',
    to: '+1',
    ts: '2025-01-15T10:00:00Z',
    text: 'x'.repeat(10_000),
    created_at: '2025-01-15T10:00:00Z',
    source: 'wa',
    kind: 'text',
    payload: '{"n":1.0}',
    content: '0'.repeat(32),
  },
  event: {
    event_id: 'wa:1:read',
    source: 'wa',
    type: 'status',
    subject: 'wa:1',
    ts: '2025-01-15T10:00:00Z',
    created_at: '2025-01-15T10:00:00Z',
    payload: null,
    content: '0'.repeat(32),
  },
  delivery: {
    delivery: 7,
    source: 'wa',
    received_at: '2025-01-15T10:00:00Z',
    headers: [['content-type', 'text/plain']],
    body: 'aGVsbG8=',
    messages: ['wa:1'],
    events: ['wa:1:read'],
  },
};

describe('an import of what named sources have sent', () => {
  it('is completed by another run where it is killed, also between an item and its delivery', async (t) => {
    const count = 6_000;
    const input = file(t, 'in.ndjson', archivedBills(count));
    const path = database(t);
    let inTheMiddle = 0;
    for (let round = 0; round < 8; round += 1) {
      const { child, ended } = start(t, ['import', '-d', path, input]);
      await sleep(400 + Math.random() * 1_000);
      child.kill('SIGKILL');
      if ((await ended).signal === 'SIGKILL') inTheMiddle += 1;
    }
    assert.ok(inTheMiddle > 0);
    await importInto(t, path, input);
    const lines = await exported(t, path);
    assert.equal(lines.filter((line) => 'event_id' in line).length, count);
    const linked = lines.filter((line) => 'delivery' in line).flatMap(({ events }) => events);
    assert.equal(new Set(linked).size, count);
    assert.equal(linked.length, count);
    await call(t, ['check', '-d', path]);
  });

  it('takes no id of a configured source for one of the default source, but for what an export has', async (t) => {
    const path = database(t);
    const env = { SOURCES: 'wa:meta' };
    const body = message({ message_id: 'wa:1' });
    const csv = file(t, 'in.csv', ['message_id,from,to,ts', 'wa:2,+1,+2,2025-01-15T10:00:00Z']);
    const old = { ...message({ message_id: 'wa:3' }), created_at: '2025-01-15T10:00:00Z' };
    const lines = file(t, 'in.ndjson', [JSON.stringify(body), JSON.stringify(old)]);
    for (const [input, created] of [
      [lines, 1],
      [csv, 0],
    ] as const) {
      const result = await oncebox(t, ['import', '-d', path, '--json', input], { env });
      assert.deepEqual([result.code, result.json()['created']], [4, created]);
      assert.match(
        readFileSync(`${input}.rejects.ndjson`, 'utf8'),
        /"reason":"message_id: [^"]*ids that begin with wa: are those of the source wa"/,
      );
    }
  });

  it('is checked line by line: what is wrong is rejected with the reason', async (t) => {
    const { message: one, event, delivery } = GOOD;
    const wrong: readonly (readonly [line: object, reason: RegExp])[] = [
      [{ ...one, message_id: 'other:1' }, /^message_id: must begin with the name of its source/],
      [{ ...one, source: 'default' }, /^source: must be the name of a named source/],
      [{ ...one, source: 'Not A Name' }, /source: must be the name of a source/],
      [{ ...one, payload: '{"n":' }, /^payload: must be a string that holds JSON$/],
      [{ ...one, payload: { n: 1 } }, /^payload: must be a string/],
      [{ ...one, content: 'F'.repeat(32) }, /^content: must be 32 hexadecimal digits$/],
      [
        { ...one, created_at: '9999-01-01T00:00:00Z' },
        /^created_at: must be an instant that has passed$/,
      ],
      [
        { ...one, ts: 'yesterday', kind: 7 },
        /^ts: must be a valid UTC instant; kind: must be a string$/,
      ],
      [{ ...one, text: 'a\0b' }, /^text: must not have a NUL character$/],
      [{ ...one, from: '\ud800' }, /^from: must be Unicode$/],
      [{ ...event, event_id: 'bill:1' }, /^event_id: must begin with the name of its source/],
      [{ ...event, event_id: '' }, /^event_id: must not be empty/],
      [{ ...event, type: 'conflict' }, /^event_id: must be that of a conflict/],
      [{ ...event, source: 'default' }, /^event_id: must be that of a conflict/],
      [{ event_id: 'wa:2' }, /^source: must be a string; type: must be a string/],
      [{ ...delivery, body: 'aGVsbG8' }, /^body: must be Base64$/],
      [{ ...delivery, body: 'aGVs bG8=' }, /^body: must be Base64$/],
      [{ ...delivery, delivery: 0 }, /^delivery: must be above 0$/],
      [{ ...delivery, delivery: 1.5 }, /^delivery: must be a whole number$/],
      [{ ...delivery, received_at: 'now' }, /^received_at: must be a valid UTC instant$/],
      [{ ...delivery, headers: [['a']] }, /^headers: /],
      [{ ...delivery, headers: [['Content-Length', '1']] }, /^headers: .*in lower case$/],
      [{ ...delivery, headers: [['a b', '1']] }, /^headers: .*names of headers/],
      [{ ...delivery, headers: [['a', 'b\r\nx: y']] }, /^headers: must have no line ends$/],
      [{ ...delivery, messages: [], events: [] }, /^messages: must name an item$/],
      [{ ...delivery, events: ['bill:1'] }, /^messages: must begin with the name of the source/],
      [{ what: 'is this' }, /^message_id: Field required; from: Field required/],
    ];
    // Keys beside those of a webhook's body are ignored, as they were, unless they are all of a named source.
    const plain = message({ message_id: 'plain', source: 'crm', event_id: 'e', delivery: 3 });
    const input = file(t, 'in.ndjson', [
      ...wrong.map(([line]) => JSON.stringify(line)),
      ...Object.values(GOOD).map((line) => JSON.stringify(line)),
      JSON.stringify(plain),
    ]);
    const path = database(t);
    const figures = await importInto(t, path, input, 4);
    assert.deepEqual(
      [figures['rejected'], figures['created'], figures['events'], figures['deliveries']],
      [wrong.length, 2, { created: 1, duplicates: 0, conflicts: 0 }, { created: 1, duplicates: 0 }],
    );
    const told = readFileSync(`${input}.rejects.ndjson`, 'utf8').trimEnd().split('\n').map(parsed);
    for (const [at, [line, reason]] of wrong.entries())
      assert.match(String(told[at]?.['reason']), reason, JSON.stringify(line));
    const lines = await exported(t, path);
    const { delivery: _, ...rest } = GOOD.delivery;
    assert.deepEqual(
      lines.filter(({ message_id }) => message_id !== 'plain'),
      [GOOD.message, GOOD.event, { delivery: lines.at(-1)?.['delivery'], ...rest }],
    );
    writeFileSync(input, `${JSON.stringify({ ...GOOD.event, content: '1'.repeat(32) })}\n`);
    const again = await importInto(t, path, input, 4);
    assert.deepEqual(again['events'], { created: 0, duplicates: 0, conflicts: 1 });
  });
});

it('a sender that would steer the terminal is shown without that by `oncebox stats`', async (t) => {
  const path = database(t);
  const from = '\u001b[2Jfrom\r\n\u009b';
  await importInto(t, path, file(t, 'in.ndjson', [JSON.stringify({ ...GOOD.message, from })]));
  const { stdout } = await call(t, ['stats', '-d', path]);
  assert.match(stdout, /from/);
  assert.doesNotMatch(stdout, /(?!\n)\p{Cc}/u);
});

function parsed(line: string): Line {
  return JSON.parse(line) as Line;
}
