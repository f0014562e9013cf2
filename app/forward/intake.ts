// Brings what is to be sent from the store into a session: new entries, rows that are due, and contents.
import type { ForwardSettings } from '../model/forward.ts';
import type { ForwardEntry, ForwardStore } from '../storage/store.ts';
import { ONE, conversationOf, isWanted } from './filter.ts';
import type { Recorder } from './recorder.ts';
import type { Session } from './session.ts';
import type { Task } from './task-queue.ts';

/** Entries that are read ahead, without contents, for each request that may be in flight. */
const READ_AHEAD = 64;
/** Contents that are read at once likewise; the store returns fewer where they are large. */
const LOAD = 8;
/** Rows that are read at once likewise. */
const ROWS = 2;
/** Rows are attempted as probes however long they have to wait. */
const EVER_MS = Number.MAX_SAFE_INTEGER;

export class Intake {
  readonly #settings: ForwardSettings;
  readonly #store: ForwardStore;
  readonly #session: Session;
  readonly #recorder: Recorder;
  #probesRow = false;

  constructor(
    settings: ForwardSettings,
    store: ForwardStore,
    session: Session,
    recorder: Recorder,
  ) {
    this.#settings = settings;
    this.#store = store;
    this.#session = session;
    this.#recorder = recorder;
  }

  /**
   * Reads what may be sent next, without contents of new entries. `nowMs`: since 1970. Resolves with whether it is to be called again
   * at once, as nothing that was read is wanted. Rejects with StoreUnavailable.
   */
  async read(nowMs: number): Promise<boolean> {
    const { concurrency } = this.#settings;
    const { dueMs, queue, window } = this.#session;
    if (dueMs !== null && dueMs <= nowMs && queue.loaded < ROWS * concurrency)
      await this.#readRows(nowMs, ROWS * concurrency);
    const room = READ_AHEAD * concurrency - window.size;
    return room >= (READ_AHEAD * concurrency) / 2 && (await this.#readEntries(room));
  }

  /**
   * Finds something to probe with where there is nothing: a row or a new entry in turns, as one of them may be what fails. Resolves
   * as `read` does.
   */
  async readProbe(): Promise<boolean> {
    const { queue } = this.#session;
    const hasTask = (): boolean => queue.loaded > 0 || queue.bare(1).length > 0;
    if (hasTask()) return false;
    this.#probesRow = !this.#probesRow;
    if (this.#probesRow) await this.#readRows(EVER_MS, 1);
    const again = !hasTask() && (await this.#readEntries(READ_AHEAD));
    if (!hasTask()) await this.#readRows(EVER_MS, 1);
    return again && !hasTask();
  }

  /** Reads contents of what is sent next. Resolves with whether there are more that may be read now. Rejects with StoreUnavailable. */
  async load(): Promise<boolean> {
    const { mode, concurrency } = this.#settings;
    const { queue } = this.#session;
    const seqs = queue.loaded < concurrency ? queue.bare(LOAD * concurrency) : [];
    if (seqs.length === 0) return false;
    const { found, gone } = await this.#store.contents(mode, seqs);
    for (const { content } of found) queue.load(content);
    for (const seq of gone) this.#session.drop(seq);
    return found.length + gone.length < seqs.length && queue.loaded < concurrency;
  }

  /** Reads what was committed after the window. Resolves with whether nothing of it is wanted, and there is more. */
  async #readEntries(limit: number): Promise<boolean> {
    const session = this.#session;
    if (!session.more) return false;
    if (this.#settings.order === 'strict' && (await this.#held([ONE])).size > 0) return false;
    session.more = false;
    const after = session.window.readUpTo;
    const { entries, end } = await this.#store.entries(this.#settings.mode, after, limit);
    if (entries.length === limit) session.more = true;
    const tasks = entries.filter((entry) => this.#isNew(entry)).map((entry) => this.#task(entry));
    const conversations = new Set(tasks.flatMap(({ conversation }) => conversation ?? []));
    const held = await this.#held([...conversations]);
    session.addEntries(tasks, end, held);
    return tasks.length === 0 && entries.length === limit;
  }

  #isNew(entry: ForwardEntry): boolean {
    return isWanted(this.#settings, entry) && !this.#session.window.isFinished(entry.seq);
  }

  #task(entry: ForwardEntry): Task {
    return { entry, conversation: conversationOf(this.#settings, entry), row: null };
  }

  /** Which of the conversations have rows. */
  async #held(conversations: readonly string[]): Promise<ReadonlySet<string>> {
    if (!this.#session.mayHaveRows || conversations.length === 0) return new Set();
    this.#session.beginReading();
    await this.#recorder.finish();
    return new Set(await this.#store.held(this.#settings.name, conversations));
  }

  /** Reads rows that are due until then, with their contents. */
  async #readRows(untilMs: number, count: number): Promise<void> {
    const { name, mode } = this.#settings;
    const session = this.#session;
    session.beginReading();
    await this.#recorder.finish();
    session.dueMs = null;
    // Rows that are being attempted are due as well.
    const limit = session.rowsActive + count;
    const { rows, nextMs } = await this.#store.due(name, untilMs, limit);
    if (rows.length === 0 && nextMs === null) session.foundNoRows();
    const wanted = rows.filter((row) => session.mayAttempt(row));
    // Where others of their conversations are in flight, rows are read again when those are over.
    if (nextMs !== null && (wanted.length > 0 || nextMs > untilMs)) session.dueBy(nextMs);
    if (wanted.length === 0) return;
    const seqs = wanted.map(({ seq }) => seq);
    const { found, gone } = await this.#store.contents(mode, seqs);
    if (found.length + gone.length < wanted.length) session.dueBy(0);
    for (const row of wanted) {
      const known = found.find(({ entry }) => entry.seq === row.seq);
      if (gone.includes(row.seq)) session.dropRow(row);
      else if (known !== undefined && session.mayAttempt(row))
        session.addRow({ entry: known.entry, conversation: row.conversation, row }, known.content);
    }
  }
}
