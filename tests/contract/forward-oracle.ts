// Forwarding in memory: what every engine's is compared with.
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  CONTENTS_BYTES_MAX,
  type ForwardMode,
  type ForwardReport,
  type ForwardStart,
} from '../../app/model/forward.ts';
import {
  type DeadLetter,
  type DeadSelection,
  type ForwardChange,
  type ForwardPosition,
  type ForwardStatus,
  type ForwardStore,
  StoreUnavailable,
  type Unfinished,
} from '../../app/storage/store.ts';
import {
  type KeptForwards,
  NEVER_ATTEMPTED,
  bytesOf,
  contentOf,
  dueMsOf,
  entriesOf,
  entryOf,
  isGivenUp,
  statusOf,
} from './forward-kept.ts';
import type { Committed } from './kept.ts';

export class MemoryForwards implements ForwardStore {
  readonly #committed: Committed;
  readonly #kept: KeptForwards;
  readonly #configured: readonly string[];
  readonly #isClosed: () => boolean;

  constructor(
    committed: Committed,
    kept: KeptForwards,
    configured: readonly string[],
    isClosed: () => boolean,
  ) {
    this.#committed = committed;
    this.#kept = kept;
    this.#configured = configured;
    this.#isClosed = isClosed;
  }

  async lease(): Promise<boolean> {
    await this.#turn();
    return true;
  }

  async release(): Promise<void> {
    await this.#turn();
  }

  async open(name: string, mode: ForwardMode, start: ForwardStart): Promise<ForwardPosition> {
    await this.#turn();
    const startedAfter = start === 'now' ? this.#committed.length : 0;
    const kept = this.#kept.getOrInsertComputed(name, () => ({
      startedAfter,
      mode,
      position: { position: startedAfter, finished: [] },
      delivered: 0,
      report: null,
      usedMs: 0,
      rows: new Map(),
    }));
    kept.mode = mode;
    kept.usedMs = Date.now();
    return kept.position;
  }

  async entries(mode: ForwardMode, after: number, limit: number) {
    await this.#turn();
    const all = entriesOf(this.#committed, mode).filter(({ seq }) => seq > after);
    const entries = all.slice(0, limit);
    const end = all.length > limit ? entries.at(-1)?.seq : this.#committed.length;
    return { entries, end: end ?? after };
  }

  async contents(mode: ForwardMode, seqs: readonly number[]) {
    await this.#turn();
    const found = [];
    const gone: number[] = [];
    let bytes = 0;
    for (const seq of seqs) {
      const entry = entryOf(this.#committed, mode, seq);
      if (bytes > CONTENTS_BYTES_MAX) break;
      if (entry === null) gone.push(seq);
      else {
        const content = contentOf(this.#committed, mode, seq);
        found.push({ entry, content });
        bytes += bytesOf(content);
      }
    }
    return { found, gone };
  }

  async held(name: string, conversations: readonly string[]): Promise<readonly string[]> {
    await this.#turn();
    const rows = this.#rows(name).filter(({ state }) => state !== 'dead');
    return conversations.filter((each) => rows.some(({ conversation }) => conversation === each));
  }

  async due(name: string, nowMs: number, limit: number) {
    await this.#turn();
    const all = this.#rows(name)
      .filter(({ state }) => state === 'retry')
      .toSorted((a, b) => dueMsOf(a) - dueMsOf(b) || a.seq - b.seq);
    const rows = all.filter((row) => dueMsOf(row) <= nowMs).slice(0, limit);
    return { rows, nextMs: all[rows.length]?.dueMs ?? null };
  }

  async record(name: string, change: ForwardChange): Promise<boolean> {
    await this.#turn();
    const kept = this.#kept.get(name);
    if (kept === undefined) return true;
    const { position, finished, nowMs } = change;
    kept.position = { position, finished };
    kept.delivered += change.delivered;
    for (const row of change.put) kept.rows.set(row.seq, row);
    for (const seq of change.remove) kept.rows.delete(seq);
    for (const conversation of change.release) this.#release(name, conversation, nowMs);
    return true;
  }

  async report(name: string, report: ForwardReport): Promise<void> {
    await this.#turn();
    const kept = this.#kept.get(name);
    if (kept === undefined) return;
    kept.report = report;
    kept.usedMs = Date.now();
  }

  async statuses(): Promise<readonly ForwardStatus[]> {
    await this.#turn();
    const names = [...this.#kept.keys()].toSorted();
    return names.flatMap((name) => {
      const kept = this.#kept.get(name);
      return kept === undefined ? [] : [statusOf(this.#committed, name, kept)];
    });
  }

  async dead(name: string, after: number, limit: number): Promise<readonly DeadLetter[]> {
    await this.#turn();
    return this.#dead(name)
      .filter(({ seq }) => seq > after)
      .slice(0, limit);
  }

  async unfinishedOf(seq: number) {
    await this.#turn();
    return [...this.#kept.keys()].toSorted().flatMap((name) => {
      const row = this.#kept.get(name)?.rows.get(seq);
      return row === undefined ? [] : [{ name, ...row }];
    });
  }

  async retry(name: string, which: DeadSelection, nowMs: number): Promise<number> {
    await this.#turn();
    const chosen = this.#chosen(name, which);
    this.#again(name, chosen, nowMs);
    return chosen.length;
  }

  async discard(name: string, which: DeadSelection): Promise<number> {
    await this.#turn();
    const chosen = this.#chosen(name, which);
    const rows = this.#kept.get(name)?.rows;
    for (const { seq } of chosen) {
      const row = rows?.get(seq);
      if (row !== undefined) rows?.set(seq, { ...row, state: 'discarded', conversation: null });
    }
    return chosen.length;
  }

  async replay(
    name: string,
    entries: readonly Pick<Unfinished, 'seq' | 'conversation'>[],
    nowMs: number,
  ): Promise<number> {
    await this.#turn();
    const kept = this.#kept.get(name);
    if (kept === undefined) return 0;
    const { position, finished } = kept.position;
    const chosen = entries.filter(({ seq }) => {
      const row = kept.rows.get(seq);
      return row === undefined ? seq <= position || finished.includes(seq) : isGivenUp(row);
    });
    this.#again(name, chosen, nowMs);
    return chosen.length;
  }

  async forget(unusedSinceMs: number): Promise<void> {
    await this.#turn();
    for (const [name, { usedMs }] of this.#kept)
      if (usedMs < unusedSinceMs && !this.#configured.includes(name)) this.#kept.delete(name);
  }

  /** The rows of a destination, by number. */
  #rows(name: string): Unfinished[] {
    const rows = this.#kept.get(name)?.rows.values() ?? [];
    return [...rows].toSorted((a, b) => a.seq - b.seq);
  }

  #dead(name: string): DeadLetter[] {
    const mode = this.#kept.get(name)?.mode ?? 'item';
    return this.#rows(name).flatMap((row) => {
      const entry = row.state === 'dead' ? entryOf(this.#committed, mode, row.seq) : null;
      return entry === null ? [] : [{ ...row, ...entry }];
    });
  }

  #chosen(name: string, which: DeadSelection): readonly Unfinished[] {
    if (which === 'all') return this.#rows(name).filter(({ state }) => state === 'dead');
    return this.#dead(name).filter(({ id }) => which.ids.includes(id));
  }

  /** Each waits behind its conversation, and those that have nothing before them are due. */
  #again(
    name: string,
    chosen: readonly Pick<Unfinished, 'seq' | 'conversation'>[],
    nowMs: number,
  ): void {
    const rows = this.#kept.get(name)?.rows;
    for (const { seq, conversation } of chosen) {
      const row = { seq, conversation, ...NEVER_ATTEMPTED };
      if (conversation === null) rows?.set(seq, { ...row, state: 'retry', dueMs: nowMs });
      else rows?.set(seq, { ...row, state: 'waiting', dueMs: null });
    }
    for (const { conversation } of chosen)
      if (conversation !== null) this.#release(name, conversation, nowMs);
  }

  #release(name: string, conversation: string, nowMs: number): void {
    const rows = this.#rows(name).filter((row) => row.conversation === conversation);
    const first = rows.find(({ state }) => state === 'waiting');
    if (first === undefined || rows.some(({ state }) => state === 'retry')) return;
    this.#kept.get(name)?.rows.set(first.seq, { ...first, state: 'retry', dueMs: nowMs });
  }

  /** As a read of the store in memory. */
  async #turn(): Promise<void> {
    await nextTurn();
    if (this.#isClosed()) throw new StoreUnavailable('shutting_down', 'the store is closed');
  }
}
