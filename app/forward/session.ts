// What is known of a destination while this process has its lease: what is in flight, what came of it, and what is durable of that.
import type { ForwardSettings } from '../model/forward.ts';
import type { ForwardChange, ForwardContent, Unfinished } from '../storage/store.ts';
import { Breaker } from './breaker.ts';
import { Changes } from './changes.ts';
import type { Moment } from './moment.ts';
import type { Outcome } from './outcome.ts';
import { rowOfFailure } from './retry.ts';
import { type Task, TaskQueue } from './task-queue.ts';
import type { Window } from './window.ts';

/** A position alone is not urgent: what is read again was not wanted. */
const POSITION_MS = 1_000;
/** So many entries may be finished behind one that is not. Then that one gets a row, so that the position goes on. */
const FINISHED_MAX = 2_048;
const NEVER_ATTEMPTED = { attempts: 0, firstMs: null, lastMs: null, dueMs: null, error: null };

export class Session {
  readonly window: Window;
  readonly queue = new TaskQueue();
  readonly breaker = new Breaker();
  inFlight = 0;
  /** Whether there may be entries after the window. */
  more = true;
  /** When rows are due again, as far as is known, since 1970; null: none are. */
  dueMs: number | null = 0;
  readonly #settings: Pick<ForwardSettings, 'retryHours'>;
  readonly #changes = new Changes();
  /** Numbers of rows that are in the queue or in flight. */
  readonly #rows = new Set<number>();
  #mayHaveRows = true;
  // Since `beginReading`: numbers of rows that are over, conversations that went on, and whether rows were put.
  readonly #over = new Set<number>();
  readonly #released = new Set<string>();
  readonly #held = new Set<string>();
  #hasPut = false;
  /** Attempts that are over and not durable yet, without those in `#change`. */
  #unrecorded = 0;
  /** What is being made durable; kept where that failed, until it succeeds. */
  #change: ForwardChange | null = null;
  #inChange = 0;
  #positionMs = Number.NEGATIVE_INFINITY;
  #position = -1;

  constructor(settings: Pick<ForwardSettings, 'retryHours'>, window: Window) {
    this.#settings = settings;
    this.window = window;
  }

  /** Requests whose repetition a kill would cause. */
  get atRisk(): number {
    return this.inFlight + this.#unrecorded + this.#inChange;
  }

  /** How many rows are in the queue or in flight. */
  get rowsActive(): number {
    return this.#rows.size;
  }

  /** Whether the database may have unfinished rows that are not dead. */
  get mayHaveRows(): boolean {
    return this.#mayHaveRows;
  }

  /** Rows are about to be read of the database: from here on it is remembered what they may lack. */
  beginReading(): void {
    this.#over.clear();
    this.#released.clear();
    this.#held.clear();
    this.#hasPut = false;
  }

  /** Rows may be due at that time, since 1970. */
  dueBy(ms: number): void {
    this.dueMs = Math.min(this.dueMs ?? ms, ms);
  }

  /** The database had no row that is due or will be. */
  foundNoRows(): void {
    if (!this.#hasPut) this.#mayHaveRows = false;
  }

  /** Adds entries that were never attempted, in order. `held`: conversations of which the database has unfinished rows. `end`: everything up to it was read. */
  addEntries(tasks: readonly Task[], end: number, held: ReadonlySet<string>): void {
    this.window.read(tasks, end);
    for (const task of tasks) {
      const { conversation } = task;
      if (conversation !== null && (held.has(conversation) || this.#held.has(conversation)))
        this.#wait(task);
      else this.queue.add(task);
    }
  }

  /** Whether a row may be attempted: it is not, and neither is another of its conversation. */
  mayAttempt({ seq, conversation }: Unfinished): boolean {
    return !this.#rows.has(seq) && !this.#over.has(seq) && !this.queue.isActive(conversation);
  }

  /** Adds a row, with its content. */
  addRow(task: Task, content: ForwardContent): void {
    this.#rows.add(task.entry.seq);
    this.queue.add(task);
    this.queue.load(content);
  }

  /** What a row was kept for is not there any more. */
  dropRow({ seq, conversation }: Unfinished): void {
    this.#changes.remove(seq);
    this.#release(conversation);
  }

  /** The same of a task whose content was to be read. */
  drop(seq: number): void {
    const task = this.queue.drop(seq);
    if (task !== undefined) this.#finish(task);
  }

  /** Where an entry takes far longer than those after it, it goes on by rows, with what is behind it. */
  makeWay({ wallMs }: Moment): void {
    while (this.window.finishedCount > FINISHED_MAX) {
      const task = this.window.first;
      if (task === undefined) return;
      const { entry, conversation } = task;
      task.row = {
        seq: entry.seq,
        state: 'retry',
        conversation,
        ...NEVER_ATTEMPTED,
        dueMs: wallMs,
      };
      this.#put(task.row);
      this.#rows.add(entry.seq);
      this.window.settle(entry.seq);
      for (const behind of this.queue.takeBehind(task)) this.#wait(behind);
    }
  }

  /** An attempt is over. Returns the row that is kept of the entry; null where it was delivered. */
  settle(task: Task, outcome: Outcome, durationMs: number, now: Moment): Unfinished | null {
    this.#unrecorded += 1;
    const { result, retryAfterMs } = outcome;
    if (result === 'delivered') {
      this.breaker.succeeded(now.steadyMs);
      this.#changes.delivered();
      this.#finish(task);
      return null;
    }
    const startMs = now.steadyMs - durationMs;
    const blameless = this.breaker.failed(result, startMs, now.steadyMs, retryAfterMs ?? 0);
    const { retryHours } = this.#settings;
    const times = { startMs: Math.round(now.wallMs - durationMs), nowMs: now.wallMs };
    const row = rowOfFailure(task, outcome, { blameless, retryHours, ...times });
    this.#put(row);
    this.window.settle(row.seq);
    if (row.state === 'retry') {
      this.dueBy(row.dueMs ?? now.wallMs);
      this.#leave(task);
    } else this.#goOn(task);
    return row;
  }

  /** Returns what is to be made durable; null where nothing is, or only a position that is not urgent and not `everything` is wanted. */
  takeChange(now: Moment, everything: boolean): ForwardChange | null {
    if (this.#change !== null) return this.#change;
    const position = this.window.position;
    if (this.#changes.isEmpty) {
      const isDue = everything || now.steadyMs - this.#positionMs >= POSITION_MS;
      if (!isDue || position.position === this.#position) return null;
    }
    this.#positionMs = now.steadyMs;
    this.#position = position.position;
    this.#inChange = this.#unrecorded;
    this.#unrecorded = 0;
    this.#change = this.#changes.take(position, now.wallMs);
    return this.#change;
  }

  /** What was taken is durable. */
  recorded(): void {
    this.#change = null;
    this.#inChange = 0;
  }

  /** An entry is over for good. */
  #finish(task: Task): void {
    if (task.row !== null) this.#changes.remove(task.entry.seq);
    this.window.settle(task.entry.seq);
    this.#goOn(task);
  }

  /** The conversation goes on with its next entry. */
  #goOn(task: Task): void {
    if (task.row === null) {
      this.queue.next(task);
      return;
    }
    this.#leave(task);
    this.#release(task.conversation);
  }

  /** The conversation goes on by its rows: what is behind the task in memory gets rows as well. */
  #leave(task: Task): void {
    if (this.#rows.delete(task.entry.seq)) this.#over.add(task.entry.seq);
    for (const behind of this.queue.takeBehind(task)) this.#wait(behind);
    this.queue.next(task);
  }

  /** A row is kept of an entry that waits for another of its conversation. */
  #wait({ entry, conversation }: Task): void {
    this.#put({ seq: entry.seq, state: 'waiting', conversation, ...NEVER_ATTEMPTED });
    this.window.settle(entry.seq);
    // It was read that another is unfinished, and that may have gone on meanwhile.
    if (conversation !== null && this.#released.has(conversation)) this.#release(conversation);
  }

  /** The first that waits of the conversation may go. */
  #release(conversation: string | null): void {
    this.dueBy(0);
    if (conversation === null) return;
    this.#changes.release(conversation);
    this.#released.add(conversation);
  }

  #put(row: Unfinished): void {
    this.#changes.put(row);
    this.#hasPut = true;
    this.#mayHaveRows = true;
    if (row.state !== 'dead' && row.conversation !== null) this.#held.add(row.conversation);
  }
}
