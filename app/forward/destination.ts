// One destination: reads what is committed, attempts it in the order that was asked for, and keeps what failed for later.
import type { ForwardSettings, ForwardState } from '../model/forward.ts';
import type { ForwardStore } from '../storage/store.ts';
import type { Attempts } from './attempts.ts';
import { conversationOf, isWanted } from './filter.ts';
import { type Outcome, type Response, outcomeOf } from './outcome.ts';
import { Session } from './session.ts';
import type { Task } from './task-queue.ts';
import { Window } from './window.ts';

/** Entries that are read ahead, and contents, for each request that may be in flight. */
const READ_AHEAD = 16;
const LOAD_AHEAD = 2;
/** Requests in flight, or answered and not durable yet, for each that may be in flight: what a kill has repeated at most. */
const AT_RISK = 3;
/** How often the lease is renewed, and the database is asked for what others made due. */
const TICK_MS = 1_000;
/** Rows are attempted as probes however long they have to wait. */
const EVER_MS = Number.MAX_SAFE_INTEGER;

/** What a destination tells of its work. Calls must be cheap and not throw. */
export interface DestinationObserver {
  attempted(name: string, outcome: Outcome, durationMs: number): void;
  /** It changed its state; `reason` in words. */
  changed(name: string, state: ForwardState, reason: string | null): void;
  /** Its state in the database could not be read or written; it is tried again. */
  failed(name: string, error: unknown): void;
}

export class Destination {
  readonly settings: ForwardSettings;
  readonly #store: ForwardStore;
  readonly #attempts: Attempts;
  readonly #observer: DestinationObserver;
  #state: ForwardState = 'standby';
  #session: Session | null = null;
  #recording: Promise<void> | null = null;
  #leaseMs = 0;
  #closing = false;
  #running: Promise<void> | null = null;
  #signalled = Promise.withResolvers<void>();

  constructor(
    settings: ForwardSettings,
    store: ForwardStore,
    attempts: Attempts,
    observer: DestinationObserver,
  ) {
    this.settings = settings;
    this.#store = store;
    this.#attempts = attempts;
    this.#observer = observer;
  }

  get state(): ForwardState {
    return this.#state;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Something was committed. */
  committed(): void {
    if (this.#session === null) return;
    this.#session.more = true;
    this.#signalled.resolve();
  }

  /** Rows were made due by somebody. */
  steered(): void {
    if (this.#session === null) return;
    this.#session.dueMs = 0;
    this.#signalled.resolve();
  }

  /** Begins no further attempt. Resolves when those in flight are over, or were aborted, and what they came to is durable. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#signalled.resolve();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#closing || (this.#session?.inFlight ?? 0) > 0) {
      this.#signalled = Promise.withResolvers<void>();
      let pauseMs = TICK_MS;
      try {
        await this.#keepLease();
        if (this.#session !== null) pauseMs = await this.#work(this.#session);
      } catch (error) {
        this.#observer.failed(this.settings.name, error);
      }
      await this.#pause(pauseMs);
    }
    try {
      if (this.#session !== null) {
        await this.#recordAll(this.#session);
        await this.#store.release(this.settings.name);
      }
    } catch (error) {
      this.#observer.failed(this.settings.name, error);
    }
  }

  /** Another process goes on from what is durable when this one loses the lease. */
  async #keepLease(): Promise<void> {
    const nowMs = Date.now();
    if (nowMs < this.#leaseMs + TICK_MS) return;
    const { name, mode, start } = this.settings;
    const held = await this.#store.lease(name);
    this.#leaseMs = nowMs;
    if (!held) {
      this.#session = null;
      this.#attempts.abort(name);
      this.#become('standby', null);
    } else if (this.#session === null) {
      this.#session = new Session(
        this.settings,
        new Window(await this.#store.open(name, mode, start)),
      );
      this.#become('running', null);
    } else {
      // What other processes committed, or made due.
      this.#session.more = true;
      this.#session.dueMs = 0;
    }
  }

  /** Does what there is to do, and returns for how long there is nothing, in milliseconds, unless it is signalled. */
  async #work(session: Session): Promise<number> {
    this.#recordSoon(session);
    if (this.#closing || session.gone !== null) return TICK_MS;
    if (!session.breaker.isOpen) await this.#readEntries(session);
    await this.#readRows(session);
    await this.#load(session);
    this.#send(session);
    const nowMs = Date.now();
    const wakeMs = [
      session.breaker.isOpen ? session.breaker.nextProbeMs : session.dueMs,
      session.nextSendMs > nowMs ? session.nextSendMs : null,
    ].filter((ms) => ms !== null);
    return Math.max(1, Math.min(TICK_MS, ...wakeMs.map((ms) => ms - nowMs)));
  }

  /** Reads what was committed after the window. */
  async #readEntries(session: Session): Promise<void> {
    const { mode, order, concurrency } = this.settings;
    const { window } = session;
    const room = READ_AHEAD * concurrency - window.size;
    if (!session.more || room < concurrency) return;
    if (order === 'strict' && (await this.#held(session, ['*'])).size > 0) return;
    session.more = false;
    const { entries, end } = await this.#store.entries(mode, window.readUpTo, room);
    if (entries.length === room) session.more = true;
    const tasks = entries
      .filter((entry) => isWanted(this.settings, entry) && !window.isFinished(entry.seq))
      .map((entry): Task => {
        const conversation = conversationOf(this.settings, entry);
        return { entry, conversation, row: null, content: null };
      });
    const conversations = tasks.flatMap(({ conversation }) => conversation ?? []);
    const held = await this.#held(session, [...new Set(conversations)]);
    window.read(
      tasks.map(({ entry }) => entry.seq),
      end,
    );
    for (const task of tasks)
      session.addEntry(task, task.conversation !== null && held.has(task.conversation));
  }

  /** Which of the conversations have rows. Those that get one from here on are in `Session.held`. */
  async #held(session: Session, conversations: readonly string[]): Promise<ReadonlySet<string>> {
    session.held.clear();
    await this.#recordAll(session);
    return new Set(await this.#store.held(this.settings.name, conversations));
  }

  /** Reads rows that are due; while everything fails one, due or not, as a probe. */
  async #readRows(session: Session): Promise<void> {
    const { name, mode, concurrency } = this.settings;
    const { breaker, queue } = session;
    const nowMs = Date.now();
    const isProbe = breaker.isOpen;
    if (isProbe && (nowMs < breaker.nextProbeMs || session.inFlight > 0 || queue.ready.length > 0))
      return;
    if (!isProbe && (session.dueMs === null || session.dueMs > nowMs)) return;
    if (!isProbe && queue.ready.length >= LOAD_AHEAD * concurrency) return;
    await this.#recordAll(session);
    session.dueMs = null;
    const { rows, nextMs } = await this.#store.due(
      name,
      isProbe ? EVER_MS : nowMs,
      isProbe ? 1 : LOAD_AHEAD * concurrency,
    );
    if (nextMs !== null) session.dueMs = Math.min(session.dueMs ?? nextMs, nextMs);
    const wanted = rows.filter((row) => session.mayAttempt(row));
    if (wanted.length === 0) return;
    const { found, gone } = await this.#store.contents(
      mode,
      wanted.map(({ seq }) => seq),
    );
    if (found.length + gone.length < wanted.length) session.dueMs = 0;
    for (const row of wanted) {
      const known = found.find(({ entry }) => entry.seq === row.seq);
      if (known !== undefined)
        session.addRow({
          entry: known.entry,
          conversation: row.conversation,
          row,
          content: known.content,
        });
      else if (gone.includes(row.seq)) session.dropRow(row);
    }
  }

  /** Reads the contents of what is sent next. */
  async #load(session: Session): Promise<void> {
    const next = session.queue.ready.slice(0, LOAD_AHEAD * this.settings.concurrency);
    const bare = next.filter(({ content }) => content === null);
    if (bare.length === 0 || bare.length < next.length / 2) return;
    const { found, gone } = await this.#store.contents(
      this.settings.mode,
      bare.map(({ entry }) => entry.seq),
    );
    const contents = new Map(found.map(({ entry, content }) => [entry.seq, content]));
    for (const task of bare) {
      task.content = contents.get(task.entry.seq) ?? null;
      if (gone.includes(task.entry.seq)) session.dropEntry(task);
    }
  }

  #send(session: Session): void {
    const { concurrency, ratePerSecond } = this.settings;
    const { breaker } = session;
    const inFlightMax = breaker.isOpen ? 1 : concurrency;
    const atRiskMax = AT_RISK * inFlightMax;
    while (session.inFlight < inFlightMax && session.atRisk < atRiskMax) {
      const nowMs = Date.now();
      if (nowMs < session.nextSendMs || (breaker.isOpen && nowMs < breaker.nextProbeMs)) return;
      const task = session.queue.take();
      if (task === undefined) return;
      if (ratePerSecond !== null)
        session.nextSendMs =
          Math.max(session.nextSendMs, nowMs - 1_000 / ratePerSecond) + 1_000 / ratePerSecond;
      void this.#attempt(session, task, nowMs);
    }
  }

  async #attempt(session: Session, task: Task, startMs: number): Promise<void> {
    const { name } = this.settings;
    session.inFlight += 1;
    const { entry, content, row } = task;
    const response: Response =
      content === null
        ? { aborted: true }
        : await this.#attempts.send(name, { entry, content, attempt: (row?.attempts ?? 0) + 1 });
    session.inFlight -= 1;
    const nowMs = Date.now();
    if (!('aborted' in response) && session === this.#session) {
      const outcome = outcomeOf(response, nowMs);
      session.settle(task, outcome, startMs, nowMs);
      this.#observer.attempted(name, outcome, nowMs - startMs);
      if (session.gone !== null) this.#become('disabled', session.gone);
      else this.#become(session.breaker.isOpen ? 'slowed' : 'running', outcome.error);
    }
    this.#signalled.resolve();
  }

  /** Begins to make durable what is to be, unless that is under way. */
  #recordSoon(session: Session): void {
    this.#recording ??= this.#record(session, false)
      .catch((error: unknown) => this.#observer.failed(this.settings.name, error))
      .finally(() => {
        this.#recording = null;
        this.#signalled.resolve();
      });
  }

  /** Makes everything durable. Rejects with StoreUnavailable. */
  async #recordAll(session: Session): Promise<void> {
    await this.#recording;
    await this.#record(session, true);
  }

  async #record(session: Session, everything: boolean): Promise<void> {
    const change = session.takeChange(Date.now(), everything);
    if (change === null) return;
    await this.#store.record(this.settings.name, change);
    session.recorded();
  }

  async #pause(ms: number): Promise<void> {
    const timer = setTimeout(this.#signalled.resolve, ms);
    await this.#signalled.promise;
    clearTimeout(timer);
  }

  #become(state: ForwardState, reason: string | null): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#observer.changed(this.settings.name, state, reason);
  }
}
