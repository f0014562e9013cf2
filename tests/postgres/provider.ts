// A provider that gives up on nothing: each message is sent until some replica accepts it, and what was accepted is recorded.
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { numbered } from '../faults/load.ts';
import { sign } from '../support/message.ts';
import type { Stored } from '../support/message.ts';
import { send } from '../support/request.ts';

/** Each seventh message is sent by two senders at once, mostly to two replicas. */
const TWICE_EVERY = 7;
const RETRY_MS = 50;
/** A bound against hanging: longer than any outage of these tests. */
const DELIVERY_MS_MAX = 120_000;

export interface ProviderOptions {
  /** The ports of the replicas at this moment. */
  readonly ports: () => readonly number[];
  /** Makes ids that no other provider makes. */
  readonly prefix: string;
  /** Messages under way at once. */
  readonly senders?: number;
}

export class Provider {
  /** Every message that was answered 200, by its id. */
  readonly acknowledged = new Map<string, Stored>();
  /** Answers by their status. */
  readonly statuses = new Map<number, number>();
  readonly #options: ProviderOptions;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #work: Promise<unknown>;
  #messages = 0;
  #attempts = 0;
  #stopped = false;

  /** Begins at once. */
  constructor(options: ProviderOptions) {
    this.#options = options;
    const { senders = 8 } = options;
    this.#work = Promise.all(Array.from({ length: senders }, () => this.#send()));
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

  async #send(): Promise<void> {
    while (!this.#stopped) {
      this.#messages += 1;
      const stored = numbered(this.#options.prefix, this.#messages);
      const copies = this.#messages % TWICE_EVERY === 0 ? 2 : 1;
      await Promise.all(Array.from({ length: copies }, () => this.#deliver(stored)));
    }
  }

  async #deliver(stored: Stored): Promise<void> {
    const endMs = performance.now() + DELIVERY_MS_MAX;
    while ((await this.#attempt(stored)) !== 200) {
      if (performance.now() > endMs) throw new Error(`${stored.message_id} is never accepted`);
      await sleep(RETRY_MS);
    }
    this.acknowledged.set(stored.message_id, stored);
  }

  /** Gives the status; null where the replica is gone. */
  async #attempt(stored: Stored): Promise<number | null> {
    const ports = this.#options.ports();
    this.#attempts += 1;
    const port = ports[this.#attempts % ports.length];
    if (port === undefined) return null;
    const body = JSON.stringify(stored);
    const headers = { 'X-Signature': sign(body) };
    let status: number;
    try {
      const request = { method: 'POST', path: '/webhook', headers, body, agent: this.#agent };
      ({ status } = await send(port, request));
    } catch {
      return null;
    }
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    if (status !== 200 && status !== 503) throw new Error(`status ${status}`);
    return status;
  }
}
