// Writes of forwarding that the writer's thread has, until it says what became of them.
import type { UnavailableReason } from '../../../model/unavailable.ts';
import { COMMIT_MS_MAX } from '../../append-queue.ts';
import { StoreUnavailable } from '../../store.ts';
import type {
  ForwardWrite,
  ForwardWriteResult,
  ForwardWriteResults,
} from '../file/forward-protocol.ts';
import type { ForwardOutcome } from '../file/protocol.ts';

interface Waiting {
  readonly resolve: (result: ForwardWriteResult) => void;
  readonly reject: (reason: UnavailableReason) => void;
}

export class ForwardRequests {
  readonly #post: (id: number, write: ForwardWrite) => void;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #refusing: UnavailableReason | null = null;

  /** `post` hands a write to the thread. */
  constructor(post: (id: number, write: ForwardWrite) => void) {
    this.#post = post;
  }

  /** Resolves when the write is durable. Rejects with StoreUnavailable: then it may be durable nevertheless where the reason is `timeout`. */
  async send<K extends ForwardWrite['kind']>(
    write: Extract<ForwardWrite, { kind: K }>,
  ): Promise<ForwardWriteResults[K]> {
    this.assertAccepting(write.kind);
    this.#lastId += 1;
    const id = this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<ForwardWriteResult>();
    const waiting: Waiting = {
      resolve,
      reject: (reason) => reject(unavailable(write.kind, reason)),
    };
    // A writer that hangs, as on a disk that does not respond, must not keep its callers waiting for ever.
    const timer = setTimeout(() => waiting.reject('timeout'), COMMIT_MS_MAX);
    this.#waiting.set(id, waiting);
    this.#post(id, write);
    try {
      return (await promise) as ForwardWriteResults[K];
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  /** Throws StoreUnavailable where nothing is accepted any more. `what`: what is asked for. */
  assertAccepting(what: string): void {
    if (this.#refusing !== null) throw unavailable(what, this.#refusing);
  }

  /** The thread has committed these writes, or failed to. */
  settle(outcomes: readonly (readonly [id: number, outcome: ForwardOutcome])[]): void {
    for (const [id, outcome] of outcomes) {
      const waiting = this.#waiting.get(id);
      if ('result' in outcome) waiting?.resolve(outcome.result);
      else waiting?.reject(outcome.failure);
    }
  }

  /** Accepts nothing more. */
  refuse(reason: UnavailableReason): void {
    this.#refusing ??= reason;
  }

  /** The thread is gone: what waits is rejected. */
  fail(reason: UnavailableReason): void {
    for (const waiting of this.#waiting.values()) waiting.reject(reason);
  }
}

function unavailable(what: string, reason: UnavailableReason): StoreUnavailable {
  return new StoreUnavailable(reason, `forward ${what}: ${reason}`);
}
