// A pool of reader threads: each answers one question at a time, and has its place taken by another when it is over its time.
import type { Worker } from 'node:worker_threads';
import { StoreUnavailable } from '../../store.ts';
import type { ReaderAnswers, ReaderReply, ReaderRequest } from '../file/protocol.ts';
import { Turns } from './semaphore.ts';

const QUESTIONS_WAITING_MAX = 256;

type Answer = ReaderAnswers[ReaderRequest['kind']];

export class ReaderPool {
  readonly #turns: Turns;
  readonly #idle: ReaderThread[];
  readonly #threads: readonly ReaderThread[];
  #closed = false;

  /** `start` starts a thread of `reader-thread.ts`. */
  constructor(threads: number, start: () => Worker) {
    this.#turns = new Turns(threads, QUESTIONS_WAITING_MAX);
    this.#threads = Array.from({ length: threads }, () => new ReaderThread(start));
    this.#idle = [...this.#threads];
  }

  /** Questions that wait for a thread. */
  get waiting(): number {
    return this.#turns.waiting;
  }

  /**
   * Asks one question; `begins` is called when it has a thread, never before this returns. Rejects with StoreUnavailable
   * when too many wait, when it takes longer than `timeoutMs` in all, or when the database does not answer.
   */
  async ask(request: ReaderRequest, timeoutMs: number, begins?: () => void): Promise<Answer> {
    // Not AbortSignal.timeout: its timer would outlive the answer, and thousands of them would wait for their time.
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), timeoutMs);
    try {
      await this.#turns.take(limit.signal);
      begins?.();
      return await this.#askNext(request, limit.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the threads, with whatever they are at. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  #askNext(request: ReaderRequest, limit: AbortSignal): Promise<Answer> {
    const thread = this.#idle.pop();
    if (this.#closed || thread === undefined) {
      if (thread !== undefined) this.#release(thread);
      throw new StoreUnavailable('shutting_down', 'the store is closing');
    }
    return thread.ask(request, limit, () => this.#release(thread));
  }

  #release(thread: ReaderThread): void {
    this.#idle.push(thread);
    this.#turns.done();
  }
}

/** A question that is being answered. */
interface Question {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: StoreUnavailable) => void;
  /** Called once, when the thread can take another question. */
  readonly release: () => void;
}

/** The place of one thread. It is started again only once it has ended, so there are never more threads than places. */
class ReaderThread {
  readonly #start: () => Worker;
  #worker: Worker | null = null;
  #question: Question | null = null;
  #error: Error | null = null;
  #closed = false;

  constructor(start: () => Worker) {
    this.#start = start;
    this.#running();
  }

  async ask(request: ReaderRequest, limit: AbortSignal, release: () => void): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#question = { resolve, reject, release };
    const worker = this.#running();
    const giveUp = (): void => {
      reject(new StoreUnavailable('timeout', `${request.kind}: no answer in time`));
      // An answer that is on its way comes too late: this thread takes no other question.
      worker.removeAllListeners('message');
      void worker.terminate();
    };
    limit.addEventListener('abort', giveUp, { once: true });
    worker.postMessage(request);
    try {
      return await promise;
    } finally {
      limit.removeEventListener('abort', giveUp);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  /** The thread, started anew where it has ended. */
  #running(): Worker {
    if (this.#worker !== null) return this.#worker;
    const worker = this.#start();
    worker.on('message', (reply: ReaderReply) => this.#answered(reply));
    worker.on('error', (error) => {
      this.#error = error instanceof Error ? error : new Error(String(error));
    });
    worker.once('exit', () => this.#ended());
    this.#worker = worker;
    return worker;
  }

  #answered(reply: ReaderReply): void {
    const question = this.#question;
    this.#question = null;
    if ('answer' in reply) question?.resolve(reply.answer);
    else question?.reject(new StoreUnavailable(reply.failure.reason, reply.failure.message));
    question?.release();
  }

  /** Over its time, or broken, or the pool closes. One that ends without a question is started again with the next one. */
  #ended(): void {
    const question = this.#question;
    this.#worker = null;
    this.#question = null;
    const message = this.#error?.message ?? 'the reader thread ended';
    this.#error = null;
    if (question === null) return;
    question.reject(new StoreUnavailable(this.#closed ? 'shutting_down' : 'other', message));
    if (!this.#closed) this.#running();
    question.release();
  }
}
