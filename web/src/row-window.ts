// The part of a long list that is at hand: found once by its offset, then followed to both sides from cursor to cursor.
import type { LinkedPage, Message } from './api.ts';

/** As many as the API gives at once. */
const PAGE_ROWS = 100;
/** Rows that are fetched before they come into sight. */
const AHEAD_ROWS = 60;
/** What is further away than this from what is in sight is given up. */
const KEPT_ROWS = 1_000;
/** While someone drags the scrollbar, only where they stop is fetched. */
const SETTLE_MS = 60;

type Load = (query: string, signal: AbortSignal) => Promise<LinkedPage>;

/** Rows that came together, and the query strings of their neighbours. */
interface Chunk {
  readonly rows: readonly Message[];
  readonly newer: string | null;
  readonly older: string | null;
}

/** What to ask for next, and which rows that will give. */
interface Step {
  readonly kind: 'jump' | 'newer' | 'older';
  readonly query: string;
  readonly first: number;
  readonly count: number;
}

/**
 * Rows are counted from the newest, as it was when the list was opened, so what arrives later moves none of them: it is
 * counted in `added`. A jump finds its place by offset. From there cursors lead on, so that neighbours fit together
 * whatever arrives or is deleted in between.
 */
export class RowWindow {
  readonly filters: string;
  /** Rows of the list; null until the first answer. */
  total: number | null = null;
  /** Rows that came since the list was opened. */
  added = 0;
  error: Error | null = null;
  readonly #load: Load;
  readonly #changed: () => void;
  readonly #ended = new AbortController();
  #first = 0;
  #chunks: readonly Chunk[] = [];
  #rows: readonly Message[] = [];
  #wanted: readonly [first: number, last: number] = [0, 0];
  #running: { readonly step: Step; readonly request: AbortController } | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `filters`: a query string. `changed` is called whenever there is something new to show. */
  constructor(filters: string, load: Load, changed: () => void) {
    this.filters = filters;
    this.#load = load;
    this.#changed = changed;
  }

  /** Counts the list and fetches its first page. Settles when that is done, also when it has failed. */
  async open(): Promise<void> {
    try {
      const page = await this.#load(this.#query({ limit: '1' }), this.#ended.signal);
      this.total = page.total;
      const step = this.#next();
      if (step !== null) await this.#take(step, this.#ended.signal);
    } catch (reason) {
      this.#fail(reason);
    }
    this.#changed();
    this.#goOn();
  }

  /** Counts what has come since. */
  async count(): Promise<void> {
    if (this.total === null || this.#running !== null) return;
    try {
      const page = await this.#load(this.#query({ limit: '1' }), this.#ended.signal);
      this.#compare(page.total);
      this.#changed();
      if (this.error === null) this.#goOn();
    } catch {
      // Whoever looks on is told when a page cannot be had.
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#ended.abort();
  }

  /** The row at a place; null while it is on its way. */
  at(index: number): Message | null {
    return this.#rows[index - this.#first] ?? null;
  }

  /** Says which rows are in sight. What was asked for and is not wanted any more is given up. */
  want(first: number, last: number): void {
    this.#wanted = [first, last];
    if (this.#running === null) {
      this.#goOn();
      return;
    }
    const { step, request } = this.#running;
    if (first > step.first + step.count || last < step.first - 1) request.abort();
  }

  #goOn(): void {
    clearTimeout(this.#timer);
    if (this.#ended.signal.aborted || this.#running !== null) return;
    const step = this.#next();
    if (step?.kind === 'jump' && this.#rows.length > 0)
      this.#timer = setTimeout(() => void this.#run(this.#next()), SETTLE_MS);
    else void this.#run(step);
  }

  async #run(step: Step | null): Promise<void> {
    if (step === null || this.#running !== null) return;
    const request = new AbortController();
    this.#running = { step, request };
    try {
      await this.#take(step, AbortSignal.any([request.signal, this.#ended.signal]));
    } catch (reason) {
      if (!request.signal.aborted) this.#fail(reason);
    }
    this.#running = null;
    this.#changed();
    // After a failure the next movement tries again, not this.
    if (this.error === null) this.#goOn();
  }

  /** What is missing: first what is in sight, then what is near. Null when all is there. */
  #next(): Step | null {
    if (this.total === null || this.total === 0) return null;
    const [first, last] = this.#inSight(this.total);
    const end = this.#first + this.#rows.length;
    if (this.#rows.length === 0 || first > end || last < this.#first - 1)
      return this.#jump(this.total);
    const older = this.#chunks.at(-1)?.older ?? null;
    const newer = this.#chunks[0]?.newer ?? null;
    const wantsNewer = newer !== null && this.#first > 0 && first - AHEAD_ROWS < this.#first;
    const wantsOlder = older !== null && end < this.total && last + AHEAD_ROWS >= end;
    if (wantsOlder && (last >= end || !wantsNewer))
      return { kind: 'older', query: older, first: end, count: PAGE_ROWS };
    if (!wantsNewer) return null;
    const count = Math.min(PAGE_ROWS, this.#first);
    return { kind: 'newer', query: newer, first: this.#first - count, count };
  }

  #inSight(total: number): readonly [first: number, last: number] {
    return [Math.min(this.#wanted[0], total - 1), Math.min(this.#wanted[1], total - 1)];
  }

  #jump(total: number): Step {
    const [from, to] = this.#inSight(total);
    const first = Math.max(0, Math.min((from + to - PAGE_ROWS) >> 1, total - PAGE_ROWS));
    const count = Math.min(PAGE_ROWS, total - first);
    // The API lists the oldest first.
    const query = this.#query({ offset: String(total - first - count), limit: String(PAGE_ROWS) });
    return { kind: 'jump', query, first, count };
  }

  async #take(step: Step, signal: AbortSignal): Promise<void> {
    const page = await this.#load(step.query, signal);
    this.error = null;
    if (this.#compare(page.total)) return;
    // Beyond `count` are rows that came since, or that are there already.
    const rows = page.data.slice(0, step.count).toReversed();
    const chunk = { rows, newer: page.next, older: page.prev };
    if (step.kind === 'jump') {
      this.#chunks = [chunk];
      this.#first = step.first;
    } else if (step.kind === 'older') this.#chunks = [...this.#chunks, chunk];
    else {
      this.#chunks = [chunk, ...this.#chunks];
      this.#first -= rows.length;
    }
    this.#trim();
    this.#fit(page.total);
  }

  /** Gives up what is far from what is in sight. */
  #trim(): void {
    const [first, last] = this.#wanted;
    let end = this.#first + this.#chunks.reduce((sum, { rows }) => sum + rows.length, 0);
    for (let chunk = this.#chunks[0]; chunk !== undefined; [chunk] = this.#chunks) {
      if (this.#first + chunk.rows.length >= first - KEPT_ROWS) break;
      this.#first += chunk.rows.length;
      this.#chunks = this.#chunks.slice(1);
    }
    for (let chunk = this.#chunks.at(-1); chunk !== undefined; chunk = this.#chunks.at(-1)) {
      if (end - chunk.rows.length <= last + KEPT_ROWS) break;
      end -= chunk.rows.length;
      this.#chunks = this.#chunks.slice(0, -1);
    }
    this.#rows = this.#chunks.flatMap(({ rows }) => rows);
  }

  /** A list that ends where its rows do not: some were deleted while others came. Its length follows its rows. */
  #fit(counted: number): void {
    if (this.total === null) return;
    if (this.#first > 0 && this.#chunks[0]?.newer === null) {
      this.total -= this.#first;
      this.#first = 0;
    }
    const end = this.#first + this.#rows.length;
    if (this.#chunks.at(-1)?.older === null) this.total = end;
    this.added = Math.max(0, counted - this.total);
  }

  /** Takes note of a new count. True where the list has become shorter, so that no place in it can be trusted. */
  #compare(counted: number): boolean {
    if (this.total === null) return false;
    const shorter = counted < this.total;
    if (shorter || this.total === 0) {
      this.total = counted;
      this.#chunks = [];
      this.#rows = [];
    }
    this.added = counted - this.total;
    return shorter;
  }

  #fail(reason: unknown): void {
    if (!this.#ended.signal.aborted) this.error = reason as Error;
  }

  #query(parameters: Readonly<Record<string, string>>): string {
    const query = new URLSearchParams(this.filters);
    for (const [name, value] of Object.entries(parameters)) query.set(name, value);
    return query.toString();
  }
}
