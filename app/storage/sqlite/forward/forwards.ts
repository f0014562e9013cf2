// Forwarding behind the port: reads by the reader threads, writes by the writer's thread, where they share the commits of items.
import type { ForwardMode, ForwardReport, ForwardStart } from '../../../model/forward.ts';
import type {
  DeadLetter,
  DeadSelection,
  ForwardChange,
  ForwardPosition,
  ForwardStatus,
  ForwardStore,
  Unfinished,
} from '../../store.ts';
import type { ForwardRead, ForwardReadResults } from '../file/forward-protocol.ts';
import { READ_TIMEOUT_MS, type Readers } from '../read/readers.ts';
import type { WriterClient } from '../write/writer-client.ts';

/** Rows that a step of steering changes: commits wait for it. */
const STEP_ROWS = 256;

export class SqliteForwards implements ForwardStore {
  readonly #writer: WriterClient;
  readonly #readers: Readers;
  readonly #configured: readonly string[];

  /** `configured`: names of destinations that are never forgotten. */
  constructor(writer: WriterClient, readers: Readers, configured: readonly string[]) {
    this.#writer = writer;
    this.#readers = readers;
    this.#configured = configured;
  }

  /** One process has the file, until it closes the store. */
  async lease(): Promise<boolean> {
    this.#writer.assertForwards('lease');
    return true;
  }

  async release(): Promise<void> {
    this.#writer.assertForwards('release');
  }

  open(name: string, mode: ForwardMode, start: ForwardStart): Promise<ForwardPosition> {
    return this.#writer.forward({ kind: 'open', name, mode, start, nowMs: Date.now() });
  }

  entries(
    mode: ForwardMode,
    after: number,
    limit: number,
  ): Promise<ForwardReadResults['forward:entries']> {
    return this.#read({ kind: 'forward:entries', mode, after, limit });
  }

  contents(
    mode: ForwardMode,
    seqs: readonly number[],
  ): Promise<ForwardReadResults['forward:contents']> {
    return this.#read({ kind: 'forward:contents', mode, seqs });
  }

  held(name: string, conversations: readonly string[]): Promise<readonly string[]> {
    return this.#read({ kind: 'forward:held', name, conversations });
  }

  due(name: string, nowMs: number, limit: number): Promise<ForwardReadResults['forward:due']> {
    return this.#read({ kind: 'forward:due', name, nowMs, limit });
  }

  record(name: string, change: ForwardChange): Promise<boolean> {
    return this.#writer.forward({ kind: 'record', name, change });
  }

  async report(name: string, report: ForwardReport): Promise<void> {
    await this.#writer.forward({ kind: 'report', name, report, nowMs: Date.now() });
  }

  statuses(): Promise<readonly ForwardStatus[]> {
    return this.#read({ kind: 'forward:statuses' });
  }

  dead(name: string, after: number, limit: number): Promise<readonly DeadLetter[]> {
    return this.#read({ kind: 'forward:dead', name, after, limit });
  }

  unfinishedOf(seq: number): Promise<ForwardReadResults['forward:unfinished']> {
    return this.#read({ kind: 'forward:unfinished', seq });
  }

  retry(name: string, which: DeadSelection, nowMs: number): Promise<number> {
    return this.#steps(name, which, (seqs) =>
      this.#writer.forward({ kind: 'retry', name, seqs, nowMs }),
    );
  }

  discard(name: string, which: DeadSelection): Promise<number> {
    return this.#steps(name, which, (seqs) =>
      this.#writer.forward({ kind: 'discard', name, seqs }),
    );
  }

  async replay(
    name: string,
    entries: readonly Pick<Unfinished, 'seq' | 'conversation'>[],
    nowMs: number,
  ): Promise<number> {
    this.#writer.assertForwards('replay');
    let replayed = 0;
    for (let at = 0; at < entries.length; at += STEP_ROWS) {
      const step = entries.slice(at, at + STEP_ROWS);
      replayed += await this.#writer.forward({ kind: 'replay', name, entries: step, nowMs });
    }
    return replayed;
  }

  async forget(unusedSinceMs: number): Promise<void> {
    const configured = this.#configured;
    const step = { kind: 'forget', configured, unusedSinceMs, limit: STEP_ROWS } as const;
    while (await this.#writer.forward(step));
  }

  /** Changes dead letters, some at a time, in the order of their numbers. Resolves with how many. */
  async #steps(
    name: string,
    which: DeadSelection,
    change: (seqs: readonly number[]) => Promise<number>,
  ): Promise<number> {
    let changed = 0;
    for await (const seqs of this.#deadSeqs(name, which)) changed += await change(seqs);
    return changed;
  }

  async *#deadSeqs(name: string, which: DeadSelection): AsyncGenerator<readonly number[]> {
    if (which !== 'all') {
      const seqs = await this.#read({ kind: 'forward:dead-ids', name, ids: which.ids });
      for (let at = 0; at < seqs.length; at += STEP_ROWS) yield seqs.slice(at, at + STEP_ROWS);
      return;
    }
    for (let after: number | undefined = 0; after !== undefined;) {
      const limit = STEP_ROWS;
      const seqs: readonly number[] = await this.#read({
        kind: 'forward:dead-seqs',
        name,
        after,
        limit,
      });
      if (seqs.length > 0) yield seqs;
      after = seqs.at(-1);
    }
  }

  #read<K extends ForwardRead['kind']>(
    request: Extract<ForwardRead, { kind: K }>,
  ): Promise<ForwardReadResults[K]> {
    return this.#readers.read<K>(request, READ_TIMEOUT_MS);
  }
}
