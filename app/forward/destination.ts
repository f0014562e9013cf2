// One destination: has the lease, reads what is committed, attempts it in the order that was asked for, and keeps what failed for later.
import type { ForwardSettings, ForwardState } from '../model/forward.ts';
import type { ForwardStore } from '../storage/store.ts';
import type { Attempts } from './attempts.ts';
import { Intake } from './intake.ts';
import { moment } from './moment.ts';
import type { ForwardObserver } from './observer.ts';
import type { Receiving } from './receiving.ts';
import { Recorder } from './recorder.ts';
import { Reporter } from './reporter.ts';
import { type EndedAttempt, Sender } from './sender.ts';
import { Session } from './session.ts';
import { Window } from './window.ts';

/** How often the lease is renewed, and the database is asked for what others made due. */
const TICK_MS = 1_000;

/** A session, and the parts that work on it. */
interface Work {
  readonly session: Session;
  readonly recorder: Recorder;
  readonly intake: Intake;
  readonly sender: Sender;
}

export class Destination {
  readonly #settings: ForwardSettings;
  readonly #store: ForwardStore;
  readonly #attempts: Attempts;
  readonly #receiving: Receiving;
  readonly #observer: ForwardObserver;
  readonly #reporter = new Reporter();
  /** Null while another process has the lease. */
  #work: Work | null = null;
  #leaseMs = Number.NEGATIVE_INFINITY;
  /** It answered 410: it wants nothing until the next start. */
  #gone = false;
  #closing = false;
  #signalled = Promise.withResolvers<void>();
  readonly #asked = Promise.withResolvers<void>();
  readonly #running: Promise<void>;

  constructor(
    settings: ForwardSettings,
    store: ForwardStore,
    attempts: Attempts,
    receiving: Receiving,
    observer: ForwardObserver,
  ) {
    this.#settings = settings;
    this.#store = store;
    this.#attempts = attempts;
    this.#receiving = receiving;
    this.#observer = observer;
    this.#running = this.#run();
  }

  /** Something was committed. */
  committed(): void {
    if (this.#work === null) return;
    this.#work.session.more = true;
    this.#signalled.resolve();
  }

  /** Resolves when it has begun, or another process has the lease, or that cannot be known: what is stored from here on is forwarded. */
  get begun(): Promise<void> {
    return this.#asked.promise;
  }

  get name(): string {
    return this.#settings.name;
  }

  /** Rows may be due. */
  steered(): void {
    if (this.#work === null) return;
    this.#work.session.dueBy(0);
    this.#signalled.resolve();
  }

  /** Begins no further attempt. Resolves when those in flight are over, or were aborted, and what they came to is durable. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#work?.sender.stop();
    this.#signalled.resolve();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#closing || (this.#work?.session.inFlight ?? 0) > 0) {
      this.#signalled = Promise.withResolvers<void>();
      let pauseMs = TICK_MS;
      try {
        await this.#keepLease().finally(this.#asked.resolve);
        if (this.#work !== null) pauseMs = await this.#advance(this.#work);
        await this.#report();
      } catch (error) {
        this.#observer.failed(this.#settings.name, error);
        // What is signalled meanwhile waits: the database is away.
        if (!this.#closing) this.#signalled = Promise.withResolvers<void>();
      }
      await this.#pause(pauseMs);
    }
    try {
      await this.#work?.recorder.finish(true);
      await this.#store.release(this.#settings.name);
    } catch (error) {
      this.#observer.failed(this.#settings.name, error);
    }
  }

  /** Another process goes on from what is durable where this one does not have the lease any more. */
  async #keepLease(): Promise<void> {
    const { steadyMs } = moment();
    if (steadyMs < this.#leaseMs + TICK_MS) return;
    const { name, mode, start } = this.#settings;
    const held = await this.#store.lease(name);
    this.#leaseMs = steadyMs;
    if (!held) this.#drop();
    else if (this.#work === null && !this.#closing) {
      this.#begin(new Window(await this.#store.open(name, mode, start)));
    } else if (this.#work !== null) {
      // What other processes committed, or made due.
      this.#work.session.more = true;
      this.#work.session.dueBy(0);
    }
  }

  #begin(window: Window): void {
    const { name } = this.#settings;
    const session = new Session(this.#settings, window);
    const recorder = new Recorder(name, this.#store, session, {
      recorded: () => sender.send(),
      lost: () => {
        if (this.#work?.session === session) this.#drop();
      },
      failed: (error) => this.#observer.failed(name, error),
    });
    const intake = new Intake(this.#settings, this.#store, session, recorder);
    const sender = new Sender(
      this.#settings,
      session,
      { attempts: this.#attempts, receiving: this.#receiving },
      (attempt) => {
        if (this.#work?.session === session) this.#ended(this.#work, attempt);
      },
    );
    if (this.#closing || this.#gone) sender.stop();
    this.#work = { session, recorder, intake, sender };
    this.#become(this.#gone ? 'disabled' : 'running', this.#gone ? GONE : null);
  }

  #drop(): void {
    this.#become('standby', null);
    if (this.#work === null) return;
    this.#work.sender.stop();
    this.#work = null;
    this.#attempts.abort(this.#settings.name);
  }

  /** Does what there is to do, and returns for how long there is nothing, in milliseconds, unless it is signalled. */
  async #advance({ session, recorder, intake, sender }: Work): Promise<number> {
    recorder.begin();
    if (this.#closing || this.#gone) return TICK_MS;
    const now = moment();
    session.makeWay(now);
    const { breaker } = session;
    let again = false;
    if (!breaker.isOpen) again = await intake.read(now.wallMs);
    else if (session.inFlight === 0 && now.steadyMs >= breaker.nextProbeMs)
      again = await intake.readProbe();
    for (let hasMore = true; hasMore; sender.send()) hasMore = await intake.load();
    const { wallMs, steadyMs } = moment();
    const waits = [
      breaker.isOpen ? breaker.nextProbeMs - steadyMs : (session.dueMs ?? Infinity) - wallMs,
      sender.nextMs > steadyMs ? sender.nextMs - steadyMs : Infinity,
    ];
    return again ? 0 : Math.max(1, Math.min(TICK_MS, ...waits));
  }

  #ended(
    { session, recorder, sender }: Work,
    { task, outcome, durationMs, row, now }: EndedAttempt,
  ): void {
    const { name } = this.#settings;
    this.#observer.attempted(name, outcome, durationMs);
    if (row === null) this.#reporter.succeeded(now);
    else {
      this.#reporter.failed(outcome.error, now);
      this.#observer.kept(name, task.entry, row);
    }
    if (outcome.result === 'gone') {
      this.#gone = true;
      sender.stop();
    }
    if (this.#gone) this.#become('disabled', GONE);
    else if (session.breaker.isOpen) this.#become('slowed', outcome.error);
    else this.#become('running', null);
    recorder.begin();
    sender.send();
    this.#signalled.resolve();
  }

  #become(state: ForwardState, reason: string | null): void {
    if (!this.#reporter.become(state, reason)) return;
    this.#observer.changed(this.#settings.name, state, reason);
    this.#signalled.resolve();
  }

  async #report(): Promise<void> {
    const report = this.#reporter.take(moment());
    if (report === null) return;
    try {
      await this.#store.report(this.#settings.name, report);
    } catch (error) {
      this.#reporter.repeat();
      throw error;
    }
  }

  async #pause(ms: number): Promise<void> {
    const timer = setTimeout(this.#signalled.resolve, ms);
    await this.#signalled.promise;
    clearTimeout(timer);
  }
}

const GONE = 'it answered 410: it is attempted again after the next start';
