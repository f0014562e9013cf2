// The HTTP thread's side of the writer: the queue in front of it, its thread, and what it reports.
import type { Worker } from 'node:worker_threads';
import type { Item } from '../../../model/item.ts';
import { AppendQueue } from '../../append-queue.ts';
import type { AppendOutcome, StoreObserver, Unavailable } from '../../store.ts';
import { type WriterReply, type WriterRequest, outcomesOf } from '../file/protocol.ts';
import type { ForwardWrite, ForwardWriteResults } from '../file/forward-protocol.ts';
import type { Signals } from '../file/signals.ts';
import { DiskProbes } from '../../disk-probes.ts';
import { ForwardRequests } from './forward-requests.ts';
import { type ThreadOptions, startWriter } from './writer-start.ts';

export interface WriterOptions extends ThreadOptions {
  readonly queueMessagesMax: number;
}

export class WriterClient {
  readonly #worker: Worker;
  readonly #observer: StoreObserver;
  readonly #queue: AppendQueue;
  readonly #forwards: ForwardRequests;
  readonly #disk: DiskProbes;
  readonly #committed: () => void;
  #closed: Promise<void> | null = null;
  #dead = false;

  private constructor(
    worker: Worker,
    messagesMax: number,
    observer: StoreObserver,
    committed: () => void,
  ) {
    this.#worker = worker;
    this.#observer = observer;
    this.#committed = committed;
    this.#queue = new AppendQueue(
      (messages) => this.#post({ kind: 'append', messages }),
      messagesMax,
    );
    this.#forwards = new ForwardRequests((id, write) => this.#post({ kind: 'forward', id, write }));
    this.#disk = new DiskProbes(
      () => this.#post({ kind: 'probe' }),
      () => observer.diskRecovered(),
    );
    worker.on('message', (reply: WriterReply) => this.#receive(reply));
    worker.on('error', (error) =>
      this.#die(error instanceof Error ? error : new Error(String(error))),
    );
    worker.on('exit', () => this.#die(new Error('the writer thread ended')));
  }

  /**
   * Starts the thread and waits until it has opened and migrated the file. `committed` is called after each commit.
   * Rejects with OpenError.
   */
  static async open(
    options: WriterOptions,
    signals: Signals,
    observer: StoreObserver,
    committed: () => void,
  ): Promise<WriterClient> {
    const worker = await startWriter(options, signals, observer);
    return new WriterClient(worker, options.queueMessagesMax, observer, committed);
  }

  /** Messages that wait or are being committed. */
  get depth(): number {
    return this.#queue.depth;
  }

  /** Whether a batch failed because of the disk, and no write has succeeded since. */
  get diskFailed(): boolean {
    return this.#disk.failed;
  }

  /** How long the writer has been busy with the oldest batch, in milliseconds; 0 when it is idle. */
  get busyMs(): number {
    return this.#queue.busyMs;
  }

  /** See `Store.append`. */
  append(messages: readonly Item[]): Promise<readonly AppendOutcome[] | Unavailable> {
    return this.#queue.append(messages);
  }

  /** Changes a destination. Resolves when that is durable. Rejects with StoreUnavailable: then it cannot be said. */
  forward<K extends ForwardWrite['kind']>(
    write: Extract<ForwardWrite, { kind: K }>,
  ): Promise<ForwardWriteResults[K]> {
    return this.#forwards.send(write);
  }

  /** Throws StoreUnavailable once no changes of destinations are accepted any more. */
  assertForwards(what: string): void {
    this.#forwards.assertAccepting(what);
  }

  /** Accepts nothing more. Resolves when every accepted append is settled. */
  drain(): Promise<void> {
    this.#forwards.refuse('shutting_down');
    this.#disk.close();
    return this.#queue.drain();
  }

  /** Drains, closes the file, ends the thread. */
  close(): Promise<void> {
    this.#closed ??= this.#drainAndClose();
    return this.#closed;
  }

  async #drainAndClose(): Promise<void> {
    await this.drain();
    if (this.#dead) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#worker.removeAllListeners('exit');
    this.#worker.once('exit', () => resolve());
    this.#post({ kind: 'close' });
    await promise;
    this.#forwards.fail('shutting_down');
  }

  #receive(reply: WriterReply): void {
    if (reply.kind === 'probed') this.#disk.writeEnded(reply.failure);
    if (reply.kind === 'checkpoint') this.#observer.checkpoint(reply.failure);
    if (reply.kind === 'pruned') this.#observer.pruned(reply.messages);
    if (reply.kind === 'prune-run') this.#observer.pruneRun(reply.run);
    if (reply.kind === 'forwarded') {
      this.#forwards.settle(reply.outcomes);
      this.#disk.writeEnded(reply.failure);
    }
    if (reply.kind !== 'appended') return;
    const { messages, commitMs, result } = reply;
    const { failure } = result;
    if (result.failure === null) this.#queue.committed(outcomesOf(result.outcomes));
    else this.#queue.failed(messages, result.failure);
    this.#observer.batch({ messages, commitMs, failure });
    this.#disk.writeEnded(failure);
    if (failure === null) this.#committed();
  }

  /** The thread is gone: nothing that waits can be stored any more, and the process must say so. */
  #die(error: Error): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#disk.close();
    this.#queue.fail();
    this.#forwards.refuse('other');
    this.#forwards.fail('other');
    this.#observer.fatal(error);
  }

  #post(request: WriterRequest): void {
    this.#worker.postMessage(request);
  }
}
