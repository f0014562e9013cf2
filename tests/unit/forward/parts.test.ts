// The parts of forwarding that decide: outcomes, delays, the breaker, the window, the queue and the report.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Breaker } from '../../../app/forward/breaker.ts';
import { conversationOf, isWanted } from '../../../app/forward/filter.ts';
import { outcomeOf } from '../../../app/forward/outcome.ts';
import { Reporter } from '../../../app/forward/reporter.ts';
import { retryDelayMs, rowOfFailure } from '../../../app/forward/retry.ts';
import { TaskQueue } from '../../../app/forward/task-queue.ts';
import { Window } from '../../../app/forward/window.ts';
import { retryAfterMs } from '../../../app/model/retry-after.ts';
import { contentOf, taskOf } from './tasks.ts';

const HOUR_MS = 3_600_000;

describe('an outcome', () => {
  const RESULTS: readonly (readonly [number, string])[] = [
    [200, 'delivered'],
    [204, 'delivered'],
    [301, 'refused'],
    [304, 'refused'],
    [400, 'refused'],
    [410, 'gone'],
    [429, 'failed'],
    [500, 'failed'],
    [502, 'unreachable'],
    [503, 'unreachable'],
    [504, 'unreachable'],
  ];
  for (const [status, result] of RESULTS)
    it(`of ${status} is ${result}`, () =>
      assert.equal(outcomeOf({ status, retryAfter: null }, 0).result, result));

  it('honours Retry-After of 429 and 503 only, within a day', () => {
    const asked = (status: number, retryAfter: string): number | null =>
      outcomeOf({ status, retryAfter }, 0).retryAfterMs;
    assert.equal(asked(429, '7'), 7_000);
    assert.equal(asked(503, ' 7 '), 7_000);
    assert.equal(asked(500, '7'), null);
    assert.equal(asked(503, '99999999999999999999'), 24 * HOUR_MS);
  });

  it('without an answer is unreachable, and one of which no request can be made is refused', () => {
    assert.equal(outcomeOf({ error: 'reset' }, 0).result, 'unreachable');
    assert.equal(outcomeOf({ impossible: 'a header' }, 0).result, 'refused');
  });
});

it('Retry-After is seconds or a date, and nothing else', () => {
  const nowMs = Date.parse('2026-01-15T10:00:00Z');
  const asked = (header: string | null): number | null => retryAfterMs(header, nowMs, 60_000);
  assert.equal(asked('Thu, 15 Jan 2026 10:00:30 GMT'), 30_000);
  assert.equal(asked('Thu, 15 Jan 2026 09:00:00 GMT'), 0);
  assert.equal(asked('3600'), 60_000);
  for (const none of [null, '', 'soon', '-1s']) assert.equal(asked(none), null, String(none));
});

it('delays follow the schedule, within a fifth', () => {
  const hours = [5 / 3_600, 1 / 12, 0.5, 2, 5, 10, 12, 12, 12];
  for (const [at, hour] of hours.entries()) {
    assert.equal(retryDelayMs(at + 1, 0.5), hour * HOUR_MS);
    assert.equal(retryDelayMs(at + 1, 0), hour * HOUR_MS * 0.8);
    assert.equal(retryDelayMs(at + 1, 1), hour * HOUR_MS * 1.2);
  }
});

describe('an entry that failed', () => {
  const outcome = { result: 'failed', error: 'answered 500', retryAfterMs: null } as const;
  const attempt = { startMs: 1_000, nowMs: 2_000, blameless: false, retryHours: 1 };
  const row = (attempts: number, firstMs: number) => ({
    ...rowOfFailure(taskOf(1), outcome, attempt),
    attempts,
    firstMs,
  });

  it('has its last attempt when its time is over, and is dead after it', () => {
    const late = rowOfFailure({ ...taskOf(1), row: row(5, 0) }, outcome, attempt);
    assert.deepEqual([late.state, late.dueMs, late.attempts], ['retry', HOUR_MS, 6]);
    const nowMs = HOUR_MS;
    const over = rowOfFailure({ ...taskOf(1), row: row(5, 0) }, outcome, { ...attempt, nowMs });
    assert.deepEqual([over.state, over.dueMs], ['dead', null]);
  });

  it('is dead at once where it is not to be retried', () =>
    assert.equal(rowOfFailure(taskOf(1), outcome, { ...attempt, retryHours: 0 }).state, 'dead'));

  it('waits for as long as the destination asks, and not longer where it is blameless', () => {
    const asked = { ...outcome, retryAfterMs: 2 * HOUR_MS };
    assert.equal(rowOfFailure(taskOf(1), asked, attempt).dueMs, 2_000 + 2 * HOUR_MS);
    const soon = rowOfFailure({ ...taskOf(1), row: row(9, 0) }, outcome, {
      ...attempt,
      blameless: true,
    });
    assert.ok((soon.dueMs ?? 0) <= 2_000 + 6_000);
  });
});

describe('the breaker', () => {
  it('opens when nothing can be reached, probes with growing pauses, and closes at a success', () => {
    const breaker = new Breaker();
    breaker.succeeded(0);
    assert.equal(breaker.failed('unreachable', 10, 20, 0), false);
    assert.equal(breaker.isOpen, true);
    const pauses = [];
    for (let at = 0; at < 6; at += 1) {
      const startMs = breaker.nextProbeMs;
      assert.equal(breaker.failed('unreachable', startMs, startMs, 0), true);
      pauses.push(breaker.nextProbeMs - startMs);
    }
    assert.deepEqual(pauses, [2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
    breaker.succeeded(100_000);
    assert.equal(breaker.isOpen, false);
  });

  it('stays closed where another attempt succeeded meanwhile', () => {
    const breaker = new Breaker();
    breaker.succeeded(50);
    for (let at = 0; at < 10; at += 1)
      assert.equal(breaker.failed('unreachable', 40, 15_040, 0), false);
    assert.equal(breaker.isOpen, false);
  });

  it('opens after several failures of the application, and after many refusals', () => {
    for (const [failure, count] of [
      ['failed', 3],
      ['refused', 20],
    ] as const) {
      const breaker = new Breaker();
      breaker.succeeded(0);
      for (let at = 1; at <= count; at += 1) {
        assert.equal(breaker.isOpen, false);
        breaker.failed(failure, at, at, 0);
      }
      assert.equal(breaker.isOpen, true, failure);
    }
  });

  it('rests for as long as it is asked to', () => {
    const breaker = new Breaker();
    breaker.succeeded(0);
    assert.equal(breaker.failed('failed', 1, 2, 60_000), true);
    assert.equal(breaker.nextProbeMs, 60_002);
    breaker.failed('failed', 1, 3, 0);
    assert.equal(breaker.nextProbeMs, 60_002);
    // One that was in flight says nothing of that.
    breaker.succeeded(1_000);
    assert.deepEqual([breaker.isOpen, breaker.nextProbeMs], [true, 60_002]);
    breaker.succeeded(60_010);
    assert.equal(breaker.isOpen, false);
    // A rest that is over does not count again.
    breaker.failed('unreachable', 60_020, 60_030, 0);
    assert.deepEqual([breaker.isOpen, breaker.nextProbeMs], [true, 61_030]);
  });
});

it('the position of a window is before the first entry that is not settled', () => {
  const window = new Window({ position: 5, finished: [7] });
  assert.equal(window.isFinished(7), true);
  window.read(
    [6, 8, 11].map((seq) => taskOf(seq)),
    12,
  );
  assert.deepEqual(window.position, { position: 5, finished: [7] });
  window.settle(8);
  assert.deepEqual(window.position, { position: 5, finished: [7, 8] });
  window.settle(6);
  assert.deepEqual(window.position, { position: 10, finished: [] });
  window.settle(11);
  assert.deepEqual([window.position, window.size], [{ position: 12, finished: [] }, 0]);
});

it('a queue has one task of each conversation at a time, in order', () => {
  const queue = new TaskQueue();
  const take = (): number | undefined => queue.take()?.task.entry.seq;
  const tasks = [taskOf(1, 'a'), taskOf(2, 'a'), taskOf(3, null), taskOf(4, 'a')] as const;
  for (const task of tasks) queue.add(task);
  assert.deepEqual(queue.bare(9), [1, 3]);
  assert.equal(take(), undefined);
  for (const seq of queue.bare(9)) queue.load(contentOf(seq));
  assert.deepEqual([take(), take(), take()], [1, 3, undefined]);
  queue.next(tasks[0]);
  assert.deepEqual(queue.bare(9), [2]);
  assert.equal(queue.drop(2), tasks[1]);
  assert.deepEqual(queue.takeBehind(tasks[1]), [tasks[3]]);
  queue.next(tasks[1]);
  assert.equal(queue.isActive('a'), false);
});

describe('what a destination wants', () => {
  const entry = { seq: 1, id: 'x', source: 'wa', type: 'message.text', party: '+49' };
  const wants = (types: readonly string[] | null, sources: readonly string[] | null = null) =>
    isWanted({ types, sources }, entry);

  it('is told by source and type', () => {
    for (const types of [null, ['message'], ['message.*'], ['message.text'], ['message.te*']])
      assert.equal(wants(types), true, String(types));
    for (const types of [['event.*'], ['message.image'], ['message.tex'], ['message.text.*']])
      assert.equal(wants(types), false, String(types));
    assert.deepEqual([wants(null, ['wa']), wants(null, ['shop'])], [true, false]);
  });

  it('is in order by source and party, in all, or not at all', () => {
    assert.equal(conversationOf({ order: 'sender' }, entry), 'wa +49');
    assert.equal(conversationOf({ order: 'sender' }, { ...entry, party: null }), null);
    assert.equal(conversationOf({ order: 'strict' }, { ...entry, party: null }), '*');
    assert.equal(conversationOf({ order: 'none' }, entry), null);
  });
});

it('a report is made when the state changes, and else once a second while figures change', () => {
  const reporter = new Reporter();
  const at = (steadyMs: number) => ({ wallMs: steadyMs, steadyMs });
  assert.equal(reporter.take(at(0)), null, 'standby says nothing');
  reporter.become('running', null);
  assert.equal(reporter.take(at(0))?.state, 'running');
  reporter.succeeded(at(10));
  assert.equal(reporter.take(at(20)), null);
  reporter.become('slowed', 'reset');
  reporter.failed('reset', at(30));
  assert.deepEqual(reporter.take(at(40)), {
    state: 'slowed',
    reason: 'reset',
    lastError: 'reset',
    lastErrorAt: '1970-01-01T00:00:00.030Z',
    ratePerSecond: 0.02,
    at: '1970-01-01T00:00:00.040Z',
  });
  assert.equal(reporter.take(at(5_000)), null, 'nothing changed');
  assert.equal(reporter.take(at(61_000))?.ratePerSecond, 0);
});
