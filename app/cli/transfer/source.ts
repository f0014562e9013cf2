// The other end of an import's reading thread: chunks in order, with a limit on how many wait.
import { Worker } from 'node:worker_threads';
import type { Chunk, ReadOptions } from './read-thread.ts';

/** Chunks that may wait: as many as the largest batch takes. */
const CHUNKS_AHEAD = 24;
/** Characters that may wait, and that a batch may have; a row may have more. */
const UNITS_AHEAD = 32 * 1_048_576;

export class Source {
  readonly #worker: Worker;
  readonly #chunks: Chunk[] = [];
  #wake: () => void = () => undefined;
  #failure: Error | null = null;

  /** Reads a file, or standard input where it is null, until `signal` is aborted. */
  constructor(
    { file, format, sources }: Pick<ReadOptions, 'file' | 'format' | 'sources'>,
    signal: AbortSignal,
  ) {
    const workerData: ReadOptions = {
      file,
      format,
      sources,
      chunksAhead: CHUNKS_AHEAD,
      unitsAhead: UNITS_AHEAD,
    };
    this.#worker = new Worker(new URL('./read-thread.ts', import.meta.url), {
      workerData,
      name: 'read',
    });
    signal.addEventListener('abort', () => {
      this.#failure = signal.reason as Error;
      this.#wake();
    });
    this.#worker.on('message', (chunk: Chunk) => {
      this.#chunks.push(chunk);
      this.#wake();
    });
    this.#worker.on('error', (error) => {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#wake();
    });
  }

  /**
   * Returns the next chunks: as many as hold `rows` rows together, fewer where they are large, and at the end. Rejects if the thread died, and
   * when the signal is aborted.
   */
  async next(rows: number): Promise<Chunk[]> {
    const taken: Chunk[] = [];
    let count = 0;
    let units = 0;
    while (count < rows && units < UNITS_AHEAD && taken.at(-1)?.last !== true) {
      const chunk = this.#chunks.shift() ?? (await this.#arrival());
      this.#worker.postMessage(chunk.units);
      taken.push(chunk);
      count += chunk.lines.length + chunk.archived.length;
      units += chunk.units;
      // Where the input is slow, messages are stored as they arrive, not in full batches.
      if (this.#chunks.length === 0 && count > 0 && taken.length === 1) break;
    }
    return taken;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  async #arrival(): Promise<Chunk> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) return chunk;
      if (this.#failure !== null) throw this.#failure;
      await new Promise<void>((wake) => (this.#wake = wake));
    }
  }
}
