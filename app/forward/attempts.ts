// Sends requests from a thread of its own, so that the thread that receives is not held up.
import { Worker } from 'node:worker_threads';
import type { ForwardSettings } from '../model/forward.ts';
import { version } from '../version.ts';
import type { Response } from './outcome.ts';
import type { AttemptOf } from './request.ts';

/** To the thread. `abort`: everything to the destination, or with null to all. */
export type AttemptMessage =
  | ({ readonly kind: 'send'; readonly number: number; readonly name: string } & AttemptOf)
  | { readonly kind: 'abort'; readonly name: string | null };

export interface AttemptReply {
  readonly number: number;
  readonly response: Response;
}

export class Attempts {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (response: Response) => void>();
  #number = 0;

  /** `fatal` is called when the thread ends without being asked to. */
  constructor(settings: readonly ForwardSettings[], fatal: (error: Error) => void) {
    this.#worker = new Worker(new URL('./attempt-thread.ts', import.meta.url), {
      workerData: { settings, userAgent: `oncebox/${version()}` },
    });
    this.#worker.on('message', ({ number, response }: AttemptReply) => {
      this.#waiting.get(number)?.(response);
      this.#waiting.delete(number);
    });
    this.#worker.once('error', (error) => fatal(error as Error));
    this.#worker.once('exit', () => {
      for (const settle of this.#waiting.values()) settle({ aborted: true });
      this.#waiting.clear();
    });
  }

  /** Resolves with the answer, or with why there is none. Never rejects. */
  send(name: string, attempt: AttemptOf): Promise<Response> {
    this.#number += 1;
    const number = this.#number;
    return new Promise((resolve) => {
      this.#waiting.set(number, resolve);
      this.#post({ kind: 'send', number, name, ...attempt });
    });
  }

  /** Ends the requests to a destination, or all: they resolve as aborted. */
  abort(name: string | null): void {
    this.#post({ kind: 'abort', name });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #post(message: AttemptMessage): void {
    this.#worker.postMessage(message);
  }
}
