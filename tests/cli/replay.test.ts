// `oncebox replay`: posts that were stored before anybody could read them become messages, each once, whenever and however often it runs.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/bounded.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { storedIds } from '../support/engine.ts';
import { message, sign } from '../support/message.ts';
import { type Environment, type Service, startService } from '../support/service.ts';
import { file } from './calls.ts';
import { type Result, oncebox, start } from './oncebox.ts';

const SMS_SECRET = 'the secret of sms';

/** Before: the signer is known, but not what it sends. */
const BEFORE: Environment = {
  SOURCES: 'sms:hmac',
  SOURCE_SMS_SECRET: SMS_SECRET,
  SOURCE_SMS_HEADER: 'X-Sms-Signature',
};

/** Afterwards it is. */
const AFTER: Environment = {
  SOURCES: 'sms:twilio',
  SOURCE_SMS_SECRET: SMS_SECRET,
  SOURCE_SMS_PUBLIC_URL: 'https://example.com/webhook/sms',
};

function form(place: number): string {
  return `MessageSid=SM${place}&From=%2B1555${place}&To=%2B15550199&Body=Text+${place}`;
}

async function post(service: Service, body: string): Promise<void> {
  const headers = { 'X-Sms-Signature': sign(body, SMS_SECRET) };
  const path = '/webhook/sms';
  const answer = await service.send({ method: 'POST', path, headers, body: Buffer.from(body) });
  assert.equal(answer.status, 200, answer.text);
}

/** Replays with what is known afterwards. */
async function replay(
  t: Cleaner,
  service: Service,
  args: readonly string[],
  code = 0,
  env = AFTER,
): Promise<Result> {
  const options = { env: { ...env, DATABASE_URL: service.databaseUrl } };
  const result = await oncebox(t, ['replay', ...args], options);
  assert.equal(result.code, code, `${result.stdout}${result.stderr}`);
  return result;
}

async function counts(
  t: Cleaner,
  service: Service,
  args: readonly string[],
  code = 0,
): Promise<unknown[]> {
  const value = (await replay(t, service, [...args, '--json'], code)).json();
  return ['deliveries', 'created', 'duplicates', 'stillUnparsed', 'superseded'].map(
    (name) => value[name],
  );
}

async function assertSound(t: Cleaner, service: Service): Promise<void> {
  const { code, stdout } = await oncebox(t, ['check', '-d', service.databaseUrl]);
  assert.equal(code, 0, stdout);
}

async function numberOf(service: Service, query: string): Promise<number> {
  const { data } = (await service.get(`/events?${query}`)).json() as {
    data: { event_id: string }[];
  };
  const id = encodeURIComponent(data[0]?.event_id ?? '');
  return ((await service.get(`/event?id=${id}`)).json() as { delivery: number }).delivery;
}

describe('oncebox replay', () => {
  it('makes messages of what could not be read, beside a service that is shown them', async (t) => {
    const before = await startService(t, { env: BEFORE });
    for (let place = 0; place < 5; place += 1) await post(before, form(place));
    await post(before, '[neither form nor JSON');
    await before.store(message({ message_id: 'plain' }));
    await before.stop();
    assert.deepEqual(await storedIds(before), ['plain']);

    const service = await startService(t, { directory: before.directory, env: AFTER });
    const number = await numberOf(service, 'type=unparsed&limit=1');
    assert.deepEqual(await counts(t, service, [String(number)]), [1, 1, 0, 0, 1]);
    assert.deepEqual(await counts(t, service, ['--type', 'unparsed']), [6, 4, 2, 1, 5]);
    assert.deepEqual(await counts(t, service, ['--type', 'unparsed']), [6, 0, 6, 1, 5]);
    assert.deepEqual(await counts(t, service, ['--type', 'status']), [0, 0, 0, 0, 0]);
    assert.deepEqual(await counts(t, service, ['--source', 'sms']), [6, 0, 6, 1, 5]);
    assert.deepEqual(await counts(t, service, ['--all']), [6, 0, 6, 1, 5]);
    const { stdout } = await replay(t, service, ['--all']);
    assert.match(stdout, /^6 deliveries decoded in .*: 0 items stored, 6 already stored, 0 with/m);
    assert.match(stdout, /^1 deliveries still cannot be parsed$/m);
    assert.match(stdout, /^5 events are not in their deliveries any more .*; they stay$/m);

    const ids = Array.from({ length: 5 }, (_, place) => `sms:SM${place}`);
    assert.deepEqual(await storedIds(service), ['plain', ...ids]);
    assert.deepEqual(await service.ids('?q=text+3'), ['sms:SM3']);
    const shown = (await service.get('/message?id=sms%3ASM3')).json() as Record<string, unknown>;
    assert.deepEqual([shown['kind'], shown['from'], shown['text']], ['sms', '+15553', 'Text 3']);
    const delivery = await service.get(`/delivery?id=${String(shown['delivery'])}`);
    assert.equal(delivery.text, form(3));
    const events = (await service.get('/events?type=unparsed')).json() as { data: unknown[] };
    assert.equal(events.data.length, 6);
    await assertSound(t, service);
  });

  it('skips and counts what no source is configured for, and names deliveries that are not there', async (t) => {
    const service = await startService(t, { env: BEFORE });
    await post(service, form(1));
    await post(service, form(2));
    await service.stop();
    const skipped = await replay(t, service, ['--all'], 4, {});
    assert.match(skipped.stderr, /^2 deliveries were skipped: no source sms is configured$/m);
    const missing = await replay(t, service, ['1', '77', '78'], 4);
    assert.match(missing.stdout, /^1 deliveries decoded/);
    assert.match(missing.stderr, /^no such delivery: 77, 78$/m);
    assert.deepEqual(await storedIds(service), ['sms:SM1']);
  });

  it('brings nothing back that was removed', async (t) => {
    const service = await startService(t, { env: BEFORE });
    for (const place of [1, 2]) await post(service, form(place));
    await service.stop();
    await replay(t, service, ['1']);
    const args = ['prune', '-d', service.databaseUrl, '--from', '+15551'];
    assert.equal((await oncebox(t, args)).code, 0);
    await replay(t, service, ['1'], 4);
    assert.deepEqual(await counts(t, service, ['--all']), [1, 1, 0, 0, 1]);
    assert.deepEqual(await storedIds(service), ['sms:SM2']);
    await assertSound(t, service);
  });

  const WRONG: readonly (readonly string[])[] = [
    [],
    ['0'],
    ['1.5'],
    ['x'],
    [''],
    ['1', '--all'],
    ['--all', '--type', 'unparsed'],
    ['--source', 'sms', '3'],
  ];
  for (const args of WRONG)
    it(`is refused with ${JSON.stringify(args)}`, async (t) => {
      assert.equal((await oncebox(t, ['replay', '-d', 'absent.db', ...args])).code, 2);
    });

  it('makes no database where there is none, and needs settings that can be used', async (t) => {
    const env = { DATABASE_URL: `sqlite:///${file(t, 'here', [])}-absent` };
    const absent = await oncebox(t, ['replay', '--all'], { env });
    assert.equal(absent.code, 1);
    assert.match(absent.stderr, /does not exist/);
    const unusable = await oncebox(t, ['replay', '--all'], { env: { ...env, SOURCES: 'sms' } });
    assert.equal(unusable.code, 78);
  });

  it('can be killed at any moment, and run again: the same as if it had never been', async (t) => {
    const service = await startService(t, { env: BEFORE });
    const url = service.databaseUrl;
    await service.stop();
    const count = 8_000;
    const input = file(t, 'in.ndjson', archived(count));
    assert.equal((await oncebox(t, ['import', '-d', url, input])).code, 0);
    let inTheMiddle = 0;
    for (let round = 0; round < 6; round += 1) {
      const before = (await storedIds(service)).length;
      const env = { ...AFTER, DATABASE_URL: url };
      const { child, ended } = start(t, ['replay', '--all'], { env });
      await eventually('messages to be stored', async () => {
        const isEnded = child.exitCode !== null;
        return isEnded || (await storedIds(service)).length > before || undefined;
      });
      await sleep(Math.random() * 50);
      child.kill('SIGKILL');
      await ended;
      const now = (await storedIds(service)).length;
      if (now > before && now < count) inTheMiddle += 1;
      await assertSound(t, service);
    }
    assert.ok(inTheMiddle > 0, 'no kill came between the first message and the last');
    const [deliveries, , , unparsed, superseded] = await counts(t, service, ['--all']);
    assert.deepEqual([deliveries, unparsed, superseded], [count, 0, count]);
    const ids = Array.from({ length: count }, (_, place) => `sms:SM${place}`).toSorted();
    assert.deepEqual(await storedIds(service), ids);
    await assertSound(t, service);
  });
});

/** Posts as an export has them that were stored when they could not be read. */
function archived(count: number): string[] {
  const bodies = Array.from({ length: count }, (_, place) => form(place));
  const id = (body: string): string => `sms:${hash('sha256', body)}`;
  const received_at = '2025-01-15T10:00:00.000Z';
  const events = bodies.map((body) =>
    JSON.stringify({
      event_id: id(body),
      source: 'sms',
      type: 'unparsed',
      subject: null,
      ts: received_at,
      created_at: received_at,
      payload: null,
      content: hash('sha256', body).slice(0, 32),
    }),
  );
  const deliveries = bodies.map((body, place) =>
    JSON.stringify({
      delivery: place + 1,
      source: 'sms',
      received_at,
      headers: [['content-type', 'application/x-www-form-urlencoded']],
      body: Buffer.from(body).toString('base64'),
      messages: [],
      events: [id(body)],
    }),
  );
  return [...events, ...deliveries];
}
