// The wall clock jumps, by hours and by years, in the midst of load: nothing is lost or doubled, and whatever is timed goes by the time that passes.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/bounded.ts';
import { query } from '../support/database.ts';
import { parseExposition, samplesOf, valueOf } from '../support/exposition.ts';
import { Follower } from '../support/follower.ts';
import { message } from '../support/message.ts';
import { startService } from '../support/service.ts';
import type { Service } from '../support/service.ts';
import { head, openWire } from '../support/wire.ts';
import { Clock } from './clock.ts';
import { Load } from './load.ts';
import { buildShim } from './shim.ts';
import { assertConsistent, assertSound, assertStored } from './verify.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** How far the clock is from the true one, one after another. */
const JUMPS_MS = [5 * HOUR_MS, -26 * HOUR_MS, 3 * DAY_MS, -400 * DAY_MS, 9_000 * DAY_MS, -1, 0];
/** Twice as long as the server takes to check for connections that are over their time. */
const SWEEPS_MS = 2_000;

const built = buildShim({ after }, 'clock-shim.c');

/** Whatever asks the time is asked, and must answer as ever. */
async function assertAnswers(service: Service): Promise<void> {
  for (const path of ['/health/live', '/health/ready', '/messages?q=word', '/stats/timeline'])
    assert.equal((await service.get(path)).status, 200, path);
}

/** Stores one message and holds the times that are told of it against the clock. Returns its id and the bounds of its time. */
async function storeMarked(
  service: Service,
  clock: Clock,
): Promise<[id: string, bounds: number[]]> {
  const marked = message();
  const id = String(marked.message_id);
  const fromMs = clock.nowMs;
  await service.store(marked);
  const line = await service.output.line('its line', (seen) => seen.message_id === id);
  const bounds = [fromMs, clock.nowMs];
  assertBetween(Date.parse(String(line.ts)), bounds);
  return [id, bounds];
}

function assertBetween(ms: number, [least = Number.NaN, most = Number.NaN]: number[]): void {
  assert.ok(ms >= least && ms <= most, `${ms} is not between ${least} and ${most}`);
}

/** Times that were measured over a jump are those that passed: none below 0, none longer than the whole test. */
async function assertDurations(service: Service, sinceMs: number): Promise<void> {
  const families = parseExposition((await service.get('/metrics')).text);
  const passedMs = performance.now() - sinceMs;
  for (const [name, unitMs] of [
    ['request_latency_ms', 1],
    ['oncebox_commit_duration_seconds', 1_000],
  ] as const) {
    for (const { labels, value } of samplesOf(families, `${name}_sum`)) {
      const count = valueOf(families, `${name}_count`, labels);
      assertBetween(value * unitMs, [0, passedMs * count]);
    }
  }
  for (const line of service.output.requests())
    assertBetween(Number(line.latency_ms), [0, passedMs]);
}

function clockOf(t: TestContext): Clock | undefined {
  if ('library' in built) return new Clock(t, built.library);
  t.skip(built.reason);
  return undefined;
}

describe('a wall clock that jumps', { concurrency: 2 }, () => {
  it('under load: nothing is lost or doubled, streams go on, each time told is that of the clock', async (t) => {
    const clock = clockOf(t);
    if (!clock) return;
    const startMs = performance.now();
    const service = await startService(t, { env: clock.env });
    const follower = await new Follower(t, service.port, '?after=0').open();
    const load = new Load({ port: service.port, connections: 6, prefix: 'jump' });
    const marks = new Map<string, number[]>();
    for (const offsetMs of JUMPS_MS) {
      const before = load.acknowledged.size;
      clock.jump(offsetMs);
      await assertAnswers(service);
      marks.set(...(await storeMarked(service, clock)));
      await eventually('messages', () => load.acknowledged.size > before + 200 || undefined);
    }
    await load.stop();
    for (const status of load.statuses.keys())
      assert.ok(status === 200 || status === 503, `status ${status}`);
    await assertConsistent(service, load.acknowledged);
    const ids = await follower.take(load.acknowledged.size + marks.size);
    assert.deepEqual(new Set(ids), new Set([...load.acknowledged.keys(), ...marks.keys()]));
    assert.equal(new Set(ids).size, ids.length);
    await assertDurations(service, startMs);
    assert.deepEqual(await service.stop(), { code: 0, signal: null });
    assert.equal(service.output.stderr, '');

    assertStored(service.databasePath, load.acknowledged);
    assertSound(service.databasePath);
    const created = new Map(
      query(service.databasePath, 'SELECT message_id, created_at FROM messages').map((row) => [
        row['message_id'],
        Date.parse(String(row['created_at'])),
      ]),
    );
    for (const [id, bounds] of marks) assertBetween(created.get(id) ?? Number.NaN, bounds);
  });

  it('forwards: no connection and no request is over its time because of it', async (t) => {
    const clock = clockOf(t);
    if (!clock) return;
    const service = await startService(t, { env: clock.env });
    const [idle, begun] = [await openWire(t, service.port), await openWire(t, service.port)];
    const bytes = head('GET', '/stats');
    idle.write(bytes);
    assert.equal((await idle.reply()).status, 200);
    begun.write(bytes.subarray(0, 20));
    clock.jump(3 * DAY_MS);
    await sleep(SWEEPS_MS);
    begun.write(bytes.subarray(20));
    idle.write(bytes);
    assert.equal((await begun.reply()).status, 200);
    assert.equal((await idle.reply()).status, 200);
  });

  it('backwards: a sender that stalls is still cut off', async (t) => {
    const clock = clockOf(t);
    if (!clock) return;
    const service = await startService(t, { env: clock.env });
    const wire = await openWire(t, service.port);
    wire.write(head('GET', '/stats').subarray(0, 20));
    clock.jump(-3 * DAY_MS);
    assert.equal((await wire.reply()).status, 408);
    await wire.close();
  });

  it('leaves an idle service idle: no timer fires all the time to make up for it', async (t) => {
    const clock = clockOf(t);
    if (!clock) return;
    const service = await startService(t, { env: clock.env });
    await new Follower(t, service.port).open();
    await service.store(message());
    for (const offsetMs of [3 * DAY_MS, -3 * DAY_MS]) {
      clock.jump(offsetMs);
      const [cpuBefore, startMs] = [await cpuSeconds(service), performance.now()];
      await sleep(SWEEPS_MS);
      const [cpu, passed] = [await cpuSeconds(service), (performance.now() - startMs) / 1_000];
      // A storm takes all of one processor; a slow machine makes this share smaller, never larger.
      assert.ok(cpu - cpuBefore < passed / 2, `${cpu - cpuBefore} s of ${passed} s`);
    }
  });

  it('between two starts: what is older by the clock is older by number, and a stream resumes', async (t) => {
    const clock = clockOf(t);
    if (!clock) return;
    const first = await startService(t, { env: clock.env });
    const [one, two] = [message(), message()];
    await first.store(one);
    await first.stop();
    for (const [offsetMs, seq, draft] of [
      [-30 * DAY_MS, 1, two],
      [30 * DAY_MS, 2, message()],
    ] as const) {
      clock.jump(offsetMs);
      const next = await startService(t, { directory: first.directory, env: clock.env });
      const follower = await new Follower(t, next.port, `?after=${seq}`).open();
      await next.store(one, two, draft);
      assert.deepEqual(await follower.take(1), [draft.message_id]);
      assert.equal((await next.page()).total, seq + 1);
      await assertAnswers(next);
      assert.equal((await next.stop()).code, 0);
    }
  });
});

async function cpuSeconds(service: Service): Promise<number> {
  const { text } = await service.get('/metrics');
  return valueOf(parseExposition(text), 'process_cpu_seconds_total');
}
