// The loaded part of a long list: located once by offset, then extended in both directions by cursors.
import type { LinkedPage, Message } from './api.ts';

/** The page size limit of the API. */
const PAGE_ROWS = 100;
/** Rows that are fetched before they are visible. */
const AHEAD_ROWS = 60;
/** Rows further than this from the visible ones are discarded. */
const KEPT_ROWS = 1_000;
/** While the scrollbar is dragged, rows are fetched only where it stops. */
const SETTLE_MS = 60;

type Load = (query: string, signal: AbortSignal) => Promise<LinkedPage>;

/** Rows that came together, and the query strings of their neighbours in the list as it is shown. */
interface Chunk {
  readonly rows: readonly Message[];
  readonly above: string | null;
  readonly below: string | null;
}

/** The next request, and the rows that it returns. */
interface Step {
  readonly kind: 'jump' | 'above' | 'below';
  readonly query: string;
  readonly first: number;
  readonly count: number;
}

/**
 * The newest first, unless `filters` say `order=asc`. Rows are numbered from the first one at the time the list was opened, so later
 * messages renumber none of them: they are counted in `added`. A jump uses an offset, always from the oldest. From there cursors are
 * used, so that neighbouring pages are contiguous whatever is inserted or deleted in between.
 */
export class RowWindow {
  readonly filters: string;
  /** Rows of the list; null until the first response. */
  total: number | null = null;
  /** Rows added since the list was opened. */
  added = 0;
  error: Error | null = null;
  readonly #oldestFirst: boolean;
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
    this.#oldestFirst = new URLSearchParams(filters).get('order') === 'asc';
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
    this.#continue();
  }

  /** Counts the rows added since. */
  async count(): Promise<void> {
    if (this.total === null || this.#running !== null) return;
    try {
      const page = await this.#load(this.#query({ limit: '1' }), this.#ended.signal);
      this.#compare(page.total);
      this.#changed();
      if (this.error === null) this.#continue();
    } catch {
      // The next page that cannot be fetched sets `error`.
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#ended.abort();
  }

  /** The row at an index; null while it is being fetched. */
  at(index: number): Message | null {
    return this.#rows[index - this.#first] ?? null;
  }

  /** Sets which rows are visible. A request for rows that are no longer needed is aborted. */
  want(first: number, last: number): void {
    this.#wanted = [first, last];
    if (this.#running === null) {
      this.#continue();
      return;
    }
    const { step, request } = this.#running;
    if (first > step.first + step.count || last < step.first - 1) request.abort();
  }

  #continue(): void {
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
    // After a failure the next scroll tries again, not this.
    if (this.error === null) this.#continue();
  }

  /** The next request: visible rows first, then those nearby. Null when all are loaded. */
  #next(): Step | null {
    if (this.total === null || this.total === 0) return null;
    const [first, last] = this.#visible(this.total);
    const end = this.#first + this.#rows.length;
    if (this.#rows.length === 0 || first > end || last < this.#first - 1)
      return this.#jump(this.total);
    const below = this.#chunks.at(-1)?.below ?? null;
    const above = this.#chunks[0]?.above ?? null;
    const wantsAbove = above !== null && this.#first > 0 && first - AHEAD_ROWS < this.#first;
    const wantsBelow = below !== null && end < this.total && last + AHEAD_ROWS >= end;
    if (wantsBelow && (last >= end || !wantsAbove))
      return { kind: 'below', query: below, first: end, count: PAGE_ROWS };
    if (!wantsAbove) return null;
    const count = Math.min(PAGE_ROWS, this.#first);
    return { kind: 'above', query: above, first: this.#first - count, count };
  }

  #visible(total: number): readonly [first: number, last: number] {
    return [Math.min(this.#wanted[0], total - 1), Math.min(this.#wanted[1], total - 1)];
  }

  #jump(total: number): Step {
    const [from, to] = this.#visible(total);
    const first = Math.max(0, Math.min((from + to - PAGE_ROWS) >> 1, total - PAGE_ROWS));
    const count = Math.min(PAGE_ROWS, total - first);
    const offset = String(this.#oldestFirst ? first : total - first - count);
    const query = this.#query({ offset, limit: String(PAGE_ROWS) });
    return { kind: 'jump', query, first, count };
  }

  async #take(step: Step, signal: AbortSignal): Promise<void> {
    const page = await this.#load(step.query, signal);
    this.error = null;
    if (this.#compare(page.total)) return;
    const chunk = this.#chunkOf(page, step);
    const { rows } = chunk;
    if (step.kind === 'jump') {
      this.#chunks = [chunk];
      this.#first = step.first;
    } else if (step.kind === 'below') this.#chunks = [...this.#chunks, chunk];
    else {
      this.#chunks = [chunk, ...this.#chunks];
      this.#first -= rows.length;
    }
    this.#trim();
    this.#fit(page.total);
  }

  /** The rows of a page as they are shown: the API lists the oldest first. */
  #chunkOf({ data, prev, next }: LinkedPage, { kind, count }: Step): Chunk {
    if (this.#oldestFirst) {
      const rows = kind === 'above' ? data.slice(-count) : data;
      return { rows, above: prev, below: next };
    }
    // Beyond `count` are rows that were added since, or are loaded already.
    return { rows: data.slice(0, count).toReversed(), above: next, below: prev };
  }

  /** Discards rows far from the visible ones. */
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

  /** Corrects `total` where rows were deleted while others were added: the length follows the loaded rows. */
  #fit(counted: number): void {
    if (this.total === null) return;
    if (this.#first > 0 && this.#chunks[0]?.above === null) {
      this.total -= this.#first;
      this.#first = 0;
    }
    const end = this.#first + this.#rows.length;
    if (this.#chunks.at(-1)?.below === null) this.total = end;
    this.added = Math.max(0, counted - this.total);
  }

  /** Records a new count. Returns true where the list has become shorter, so that no index in it is valid. */
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
