// A provider that gives up on nothing: each post is sent until some service accepts it, and what was accepted is recorded.
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from './node-http.ts';
import { send } from './request.ts';

/** A bound against hanging: longer than any outage of the tests. */
const DELIVERY_MS_MAX = 120_000;

/** One post, the same at each attempt. */
interface Post<T> {
  readonly key: string;
  /** What is recorded under the key once the post is accepted. */
  readonly record: T;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface PersistentSenderOptions<T> {
  /** The ports of services at this moment; none while there is nobody. */
  readonly ports: () => readonly number[];
  /** Makes the post with a number, from 1. */
  readonly post: (number: number) => Post<T>;
  /** Posts under way at once. */
  readonly senders: number;
  /** One in so many is posted by two senders at once. */
  readonly twiceEvery: number;
  /** Milliseconds between two attempts. */
  readonly retryMs: number;
  /** Milliseconds between an accepted post of a sender and its next one; none unless given. */
  readonly pauseMs?: number;
  /** Whether a sender ends where its service is gone, as it does in a record of one run. */
  readonly endsWithService?: boolean;
}

/** Thrown by a sender whose service is gone, or whose test is over. */
class Gone extends Error {}

export class PersistentSender<T> {
  /** What was answered 200, by its key. */
  readonly acknowledged = new Map<string, T>();
  /** Answers by their status. */
  readonly statuses = new Map<number, number>();
  readonly #options: PersistentSenderOptions<T>;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #work: Promise<unknown>;
  #posts = 0;
  #attempts = 0;
  #stopped = false;
  #abandoned = false;

  /** Begins at once. */
  constructor(options: PersistentSenderOptions<T>) {
    this.#options = options;
    this.#work = Promise.all(Array.from({ length: options.senders }, () => this.#send()));
    // `stop` reports it.
    this.#work.catch(() => undefined);
  }

  /**
   * Begins nothing new. Resolves when all that was begun is accepted. Rejects where an answer was neither 200 nor 503, or none was 200
   * for very long.
   */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#work;
    this.#agent.destroy();
  }

  /** Stops sending what is not accepted yet: for a test that ended before it. Otherwise it would go on for a long time. */
  abandon(): void {
    this.#stopped = true;
    this.#abandoned = true;
    this.#agent.destroy();
  }

  async #send(): Promise<void> {
    try {
      while (!this.#stopped) {
        this.#posts += 1;
        const post = this.#options.post(this.#posts);
        const copies = this.#posts % this.#options.twiceEvery === 0 ? 2 : 1;
        await Promise.all(Array.from({ length: copies }, () => this.#deliver(post)));
        if (this.#options.pauseMs !== undefined) await sleep(this.#options.pauseMs);
      }
    } catch (error) {
      if (!(error instanceof Gone)) throw error;
    }
  }

  async #deliver(post: Post<T>): Promise<void> {
    const endMs = performance.now() + DELIVERY_MS_MAX;
    while ((await this.#attempt(post)) !== 200) {
      if (this.#abandoned) throw new Gone();
      if (performance.now() > endMs) throw new Error(`${post.key} is never accepted`);
      await sleep(this.#options.retryMs);
    }
    this.acknowledged.set(post.key, post.record);
  }

  /** Returns the status; null where the service is gone. */
  async #attempt({ key, path, headers, body }: Post<T>): Promise<number | null> {
    const ports = this.#options.ports();
    this.#attempts += 1;
    const port = ports[this.#attempts % ports.length];
    if (port === undefined) return null;
    let status: number;
    try {
      ({ status } = await send(port, { method: 'POST', path, headers, body, agent: this.#agent }));
    } catch {
      if (this.#options.endsWithService === true) throw new Gone();
      return null;
    }
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    if (status !== 200 && status !== 503) throw new Error(`status ${status} for ${key}`);
    return status;
  }
}
