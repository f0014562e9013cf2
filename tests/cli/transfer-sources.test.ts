// Export and import of what named sources have sent: payloads and bodies byte for byte, each once, in any order of the lines.
import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { message } from '../support/message.ts';
import { type Service, startService } from '../support/service.ts';
import {
  SOURCES,
  post,
  store,
  whatsapp,
  whatsappStatus,
  whatsappText,
} from '../support/sources.ts';
import { call, database, file, importInto } from './calls.ts';
import { oncebox } from './oncebox.ts';

/** A payload that a parser would change. */
const BILL =
  '{"at":"2025-01-15T09:00:00Z", "z":12345678901234567890,"a":"\\u00e9\\/","id":"b1","type":"paid"}';
/** A body that is no JSON, and no text. */
const BYTES = Buffer.concat([Buffer.from([0, 255, 10, 13]), randomBytes(3_000_000)]);

/** A service with two posts of `wa`, three of `bill`, a message of the default source, and other content of that. */
async function filled(t: Cleaner): Promise<Service> {
  const service = await startService(t, { env: SOURCES });
  await service.store(message({ message_id: 'plain', text: 'Needle' }));
  await service.store(message({ message_id: 'plain', text: 'other' }));
  const texts = [
    whatsappText('wamid.a/+', 'Needle 🎈'),
    whatsappText('wamid.b', 'b', '1736935100'),
  ];
  await store(
    service,
    'wa',
    whatsapp({ messages: texts, statuses: [whatsappStatus('out', 'read')] }),
  );
  await store(service, 'bill', BILL, BYTES, BILL.replace('paid', 'refunded'));
  return service;
}

type Line = Record<string, unknown>;

async function exported(t: Cleaner, url: string, ...args: string[]): Promise<Line[]> {
  const { stdout } = await call(t, ['export', '-d', url, ...args]);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

/** The kinds of lines, in their order, each with the id. */
function idsOf(lines: readonly Line[]): unknown[] {
  return lines.map(({ message_id, event_id, delivery }) => message_id ?? event_id ?? delivery);
}

/** Lines in an order of their own, without the numbers of deliveries: another database has others. Bodies are long: their hashes. */
function comparable(lines: readonly Line[]): string[] {
  return lines
    .map(({ delivery, body, messages, ...rest }) =>
      JSON.stringify({
        isDelivery: delivery !== undefined,
        body: typeof body === 'string' ? hash('sha256', body) : null,
        messages: Array.isArray(messages) ? messages.map(String).toSorted() : null,
        ...rest,
      }),
    )
    .toSorted();
}

async function assertSound(t: Cleaner, url: string): Promise<void> {
  await call(t, ['check', '-d', url]);
}

describe('an export of what named sources have sent', () => {
  it('has messages, events and deliveries, and those of the default source as ever', async (t) => {
    const service = await filled(t);
    const url = service.databaseUrl;
    const lines = await exported(t, url);
    const [messages, events, deliveries] = [lines.slice(0, 3), lines.slice(3, 8), lines.slice(8)];
    assert.deepEqual(idsOf(messages), ['wa:wamid.b', 'plain', 'wa:wamid.a/+']);
    assert.deepEqual(messages[1], {
      ...message({ message_id: 'plain', text: 'Needle' }),
      created_at: messages[1]?.['created_at'],
    });
    assert.deepEqual(events.map(({ type }) => String(type)).toSorted(), [
      'conflict',
      'conflict',
      'paid',
      'status',
      'unparsed',
    ]);
    assert.equal(events.find(({ type }) => type === 'paid')?.['payload'], BILL);
    assert.deepEqual(
      deliveries.map(({ source, messages: ids }) => [source, (ids as string[]).length]),
      [
        ['wa', 2],
        ['bill', 0],
        ['bill', 0],
        ['bill', 0],
      ],
    );
    const bodies = deliveries.map(({ body }) => Buffer.from(String(body), 'base64'));
    assert.ok(bodies.some((body) => body.equals(BYTES)));

    const filtered: readonly (readonly [args: string[], kinds: readonly number[]])[] = [
      [
        ['--source', 'wa'],
        [2, 1, 1],
      ],
      [
        ['--source', 'default'],
        [1, 1, 0],
      ],
      [
        ['--source', 'bill'],
        [0, 3, 3],
      ],
      [
        ['--source', 'absent'],
        [0, 0, 0],
      ],
      [['--messages-only'], [3, 0, 0]],
      [
        ['--q', 'needle'],
        [2, 0, 0],
      ],
      [
        ['--from', '+919876543210', '--source', 'wa'],
        [2, 0, 0],
      ],
      [
        ['--since', '2025-01-15T10:00:00Z', '--source', 'wa'],
        [1, 1, 0],
      ],
      [
        ['--until', '2025-01-15T09:30:00Z'],
        [0, 2, 0],
      ],
    ];
    for (const [args, expected] of filtered) {
      const found = await exported(t, url, ...args);
      const kinds = ['message_id', 'event_id', 'delivery'].map(
        (name) => found.filter((line) => name in line).length,
      );
      assert.deepEqual(kinds, expected, args.join(' '));
    }
    const csv = (await call(t, ['export', '-d', url, '--format', 'csv'])).stdout.split('\r\n');
    assert.equal(csv[0], 'message_id,from,to,ts,text,created_at');
    assert.equal(csv.length, 5);
    const out = join(temporaryDirectory(t), 'out.ndjson');
    const told = (await call(t, ['export', '-d', url, '-o', out, '--json'])).json();
    assert.deepEqual([told['messages'], told['events'], told['deliveries']], [3, 5, 4]);
    const { stdout } = await call(t, ['export', '-d', url, '-o', out]);
    assert.match(stdout, /^3 messages, 5 events, 4 deliveries in /);
  });

  it('is read back: each line once, and another export has the same', async (t) => {
    const service = await filled(t);
    const before = await exported(t, service.databaseUrl);
    const input = file(
      t,
      'in.ndjson',
      before.map((line) => JSON.stringify(line)),
    );
    const path = database(t);
    const first = await importInto(t, path, input);
    assert.deepEqual(
      [first['rows'], first['created'], first['events'], first['deliveries']],
      [12, 3, { created: 5, duplicates: 0, conflicts: 0 }, { created: 4, duplicates: 0 }],
    );
    assert.deepEqual(comparable(await exported(t, path)), comparable(before));
    const second = await importInto(t, path, input);
    assert.deepEqual(
      [second['created'], second['duplicates'], second['events'], second['deliveries']],
      [0, 3, { created: 0, duplicates: 5, conflicts: 0 }, { created: 0, duplicates: 4 }],
    );
    const { stdout } = await call(t, ['import', '-d', path, input]);
    assert.match(stdout, /^12 rows in .*: 0 stored, 12 already stored$/m);
    await assertSound(t, path);

    const copy = await startService(t, {
      env: { ...SOURCES, DATABASE_URL: `sqlite:///${path}` },
    });
    const shown = await copy.get('/event?id=bill%3Ab1');
    assert.ok(shown.text.includes(`"payload":${BILL}`), shown.text);
    const detail = (await copy.get('/message?id=wa%3Awamid.a%2F%2B')).json() as Line;
    assert.equal(detail['text'], 'Needle 🎈');
    const body = await copy.get(`/delivery?id=${String(detail['delivery'])}`);
    assert.match(body.text, /wamid\.a\/\+/);
    assert.equal((await post(copy, 'bill', BILL)).status, 200);
    assert.deepEqual(comparable(await exported(t, path)), comparable(before));
  });

  it('may be read in any order, from a file in one go and from stdin in two', async (t) => {
    const service = await filled(t);
    const lines = (await exported(t, service.databaseUrl)).map((line) => JSON.stringify(line));
    const reversed = file(t, 'reversed.ndjson', lines.toReversed());
    const [one, two] = [database(t), database(t)];
    const figures = await importInto(t, one, reversed);
    assert.deepEqual(figures['deliveries'], { created: 4, duplicates: 0 });
    assert.deepEqual(comparable(await exported(t, one)), comparable(lines.map(parsed)));
    await assertSound(t, one);

    const [deliveries, items] = [lines.slice(8), lines.slice(0, 8)];
    const rejects = join(temporaryDirectory(t), 'rejects.ndjson');
    const read = async (part: readonly string[], code: number): Promise<Line> => {
      const args = ['import', '-d', two, '--json', '--rejects', rejects, '-'];
      const result = await oncebox(t, args, { stdin: `${part.join('\n')}\n` });
      assert.equal(result.code, code, result.stderr);
      return result.json();
    };
    assert.equal((await read(deliveries, 4))['rejected'], 4);
    assert.match(
      readFileSync(rejects, 'utf8'),
      /"line":1,"reason":"none of its messages and events/,
    );
    await read(items, 0);
    assert.deepEqual((await read(deliveries, 0))['deliveries'], { created: 4, duplicates: 0 });
    assert.deepEqual(comparable(await exported(t, two)), comparable(lines.map(parsed)));
    await assertSound(t, two);
  });

  it('takes no more memory where bodies and payloads are large', async (t) => {
    const service = await startService(t, { env: SOURCES });
    const padding = 'x'.repeat(4_000_000);
    for (let place = 0; place < 24; place += 1)
      await store(service, 'bill', {
        id: `b${place}`,
        type: 't',
        at: '2025-01-15T09:00:00Z',
        padding,
      });
    await service.stop();
    const out = join(temporaryDirectory(t), 'out.ndjson');
    const env = { NODE_OPTIONS: '--max-old-space-size=96' };
    for (const args of [
      ['export', '-d', service.databaseUrl, '-o', out],
      ['import', '-d', database(t), out],
    ]) {
      const { code, stdout, stderr } = await oncebox(t, args, { env });
      assert.equal(code, 0, stderr);
      assert.match(stdout, /24 (events|already)|48 stored/);
    }
  });
});

function parsed(line: string): Line {
  return JSON.parse(line) as Line;
}
