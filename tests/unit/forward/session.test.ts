// A destination against a store in memory, in time that the test makes: generated runs with failures and crashes.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { Intake } from '../../../app/forward/intake.ts';
import { type Moment, moment } from '../../../app/forward/moment.ts';
import { outcomeOf } from '../../../app/forward/outcome.ts';
import { Recorder } from '../../../app/forward/recorder.ts';
import { Session } from '../../../app/forward/session.ts';
import type { LoadedTask } from '../../../app/forward/task-queue.ts';
import { Window } from '../../../app/forward/window.ts';
import type { ForwardSettings } from '../../../app/model/forward.ts';
import { type KeptForwards, MemoryForwards } from '../../contract/forward-oracle.ts';
import type { Committed } from '../../contract/kept.ts';

const CONCURRENCY = 4;
const SENDERS = 5;
const HOUR_MS = 3_600_000;
const SETTINGS: ForwardSettings = {
  name: 'app',
  url: 'http://localhost/',
  mode: 'item',
  keys: null,
  sources: null,
  types: null,
  start: 'beginning',
  order: 'sender',
  concurrency: CONCURRENCY,
  timeoutMs: 1_000,
  ratePerSecond: null,
  retryHours: 72,
};

/** What happens next. `arrive`: so many items; `settle`: one in flight, with a status; `wait`: seconds. */
type Step =
  | { readonly kind: 'arrive' | 'wait'; readonly count: number }
  | { readonly kind: 'settle'; readonly at: number; readonly status: number }
  | { readonly kind: 'send' | 'record' | 'crash' };

const STEPS = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('arrive' as const), count: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ kind: fc.constant('wait' as const), count: fc.integer({ min: 1, max: 4_000 }) }),
    { weight: 3, arbitrary: fc.constant({ kind: 'send' as const }) },
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('settle' as const),
        at: fc.nat(CONCURRENCY),
        status: fc.constantFrom(200, 200, 200, 200, 500, 400, 503),
      }),
    },
    fc.constant({ kind: 'record' as const }),
    fc.constant({ kind: 'crash' as const }),
  ),
  { minLength: 20, maxLength: 150 },
);

/** One destination from its first item on, over any number of crashes. */
class Life {
  readonly committed: Committed = [];
  readonly kept: KeptForwards = new Map();
  readonly store = new MemoryForwards(this.committed, this.kept, ['app'], () => false);
  /** Numbers in the order in which they were delivered, repeats included. */
  readonly delivered: number[] = [];
  /** The most that crashes may have repeated. */
  atRisk = 0;
  #offsetMs = 0;
  #session!: Session;
  #recorder!: Recorder;
  #intake!: Intake;
  #inFlight: LoadedTask[] = [];

  get now(): Moment {
    const { wallMs, steadyMs } = moment();
    return { wallMs: wallMs + this.#offsetMs, steadyMs: steadyMs + this.#offsetMs };
  }

  async begin(): Promise<void> {
    const position = await this.store.open('app', 'item', 'beginning');
    const ignored = (): void => undefined;
    const events = { recorded: ignored, lost: ignored, failed: ignored };
    this.#session = new Session(SETTINGS, new Window(position));
    this.#recorder = new Recorder('app', this.store, this.#session, events);
    this.#intake = new Intake(SETTINGS, this.store, this.#session, this.#recorder);
    this.#inFlight = [];
  }

  async step(step: Step): Promise<void> {
    if (step.kind === 'arrive') this.#arrive(step.count);
    else if (step.kind === 'wait') this.wait(step.count * 1_000);
    else if (step.kind === 'settle') this.settle(step.at, step.status);
    else if (step.kind === 'record') await this.#recorder.finish();
    else if (step.kind === 'send') await this.send();
    else {
      this.atRisk += this.#session.atRisk;
      await this.begin();
    }
  }

  wait(ms: number): void {
    this.#offsetMs += ms;
    this.#session.dueBy(0);
  }

  /** Brings in what may be sent, and takes as much as may be in flight. */
  async send(): Promise<void> {
    const session = this.#session;
    if (session.breaker.isOpen) await this.#intake.readProbe();
    else await this.#intake.read(this.now.wallMs);
    await this.#intake.load();
    while (this.#inFlight.length < CONCURRENCY) {
      const next = session.queue.take();
      if (next === undefined) return;
      session.inFlight += 1;
      this.#inFlight.push(next);
      const conversations = this.#inFlight.map(({ task }) => task.conversation);
      assert.equal(
        new Set(conversations).size,
        conversations.length,
        'two of one sender in flight',
      );
    }
  }

  settle(at: number, status: number): void {
    const [next] = this.#inFlight.splice(at % Math.max(1, this.#inFlight.length), 1);
    if (next === undefined) return;
    this.#session.inFlight -= 1;
    if (status === 200) this.delivered.push(next.task.entry.seq);
    this.#session.settle(next.task, outcomeOf({ status, retryAfter: null }, 0), 1, this.now);
  }

  /** Everything succeeds from here on, until nothing is left. */
  async finish(): Promise<void> {
    for (let round = 0; round < 2_000; round += 1) {
      this.#session.more = true;
      await this.send();
      while (this.#inFlight.length > 0) this.settle(0, 200);
      await this.#recorder.finish(true);
      const [status] = await this.store.statuses();
      if (status?.position === this.committed.length && status.retrying + status.waiting === 0)
        return;
      this.wait(13 * HOUR_MS);
    }
    assert.fail('something is left for ever');
  }

  #arrive(count: number): void {
    for (let at = 0; at < count; at += 1) {
      const seq = this.committed.length + 1;
      this.committed.push({
        message_id: `m${seq}`,
        from: `+49${(seq * 7) % SENDERS}`,
        to: '+1',
        ts: '2026-01-15T10:00:00Z',
        text: 'x',
      });
    }
    this.#session.more = true;
  }
}

it('whatever fails, and whenever the process dies, everything is delivered in order, and little twice', async () => {
  await fc.assert(
    fc.asyncProperty(STEPS, async (steps) => {
      const life = new Life();
      await life.begin();
      for (const step of steps) await life.step(step);
      await life.finish();
      const { delivered, committed } = life;
      const [status] = await life.store.statuses();
      // Those whose time was over when they failed for the last time are dead letters.
      const dead = new Set((await life.store.dead('app', 0, 1_000)).map(({ seq }) => seq));
      assert.equal(status?.dead, dead.size);
      const first = [...new Set(delivered)];
      const all = committed.map((_, at) => at + 1);
      assert.deepEqual(
        all.filter((seq) => !dead.has(seq) && !first.includes(seq)),
        [],
        'not delivered',
      );
      assert.ok(delivered.length - first.length <= life.atRisk, 'repeated without a crash');
      for (let sender = 0; sender < SENDERS; sender += 1) {
        const own = first.filter((seq) => (seq * 7) % SENDERS === sender);
        assert.deepEqual(
          own,
          own.toSorted((one, other) => one - other),
          `sender ${sender}`,
        );
      }
    }),
    { numRuns: 150 },
  );
});
