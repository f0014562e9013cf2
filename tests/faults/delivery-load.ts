// A provider of a named source in a hurry: posts of several messages and statuses, repeated and overlapping, each until it is accepted.
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { send } from '../support/request.ts';
import { signedBy, whatsapp, whatsappStatus, whatsappText } from '../support/sources.ts';

/** The name of the source, one of SOURCES in `tests/support/sources.ts`. */
const SOURCE = 'wa';
const ITEMS_MAX = 4;
/** One in so many deliveries also has the first message of the one before it, and its status. */
const OVERLAP_EVERY = 3;
/** One in so many is posted by two senders at once. */
const TWICE_EVERY = 5;
const RETRY_MS = 20;
/** A bound against hanging: longer than any outage of these tests. */
const DELIVERY_MS_MAX = 120_000;

/** A delivery of a load, made of nothing but its prefix and number. */
export interface Sent {
  /** The request id of its posts. */
  readonly key: string;
  readonly body: string;
  /** The ids of the items that no other delivery has. */
  readonly own: readonly string[];
  /** Those, and what another one may have too. */
  readonly items: readonly string[];
}

/** Returns the delivery of a load with this number, from 1. */
export function sent(prefix: string, number: number): Sent {
  const key = `${prefix}-${number}`;
  const own = Array.from({ length: 1 + (number % ITEMS_MAX) }, (_, place) => `${key}-${place + 1}`);
  const before = number > 1 && number % OVERLAP_EVERY === 0 ? [`${prefix}-${number - 1}-0`] : [];
  const all = [`${key}-0`, ...before, ...own];
  const idsOf = (parts: readonly string[]): string[] =>
    parts.flatMap((name) => [`${SOURCE}:wamid.${name}`, `${SOURCE}:wamid.out-${name}:sent`]);
  const body = whatsapp({
    messages: all.map((name) => whatsappText(`wamid.${name}`, `word${name}end`)),
    statuses: all.map((name) => whatsappStatus(`wamid.out-${name}`, 'sent')),
  });
  return { key, body, own: idsOf(own), items: idsOf(all) };
}

/** Returns the delivery that an item was made for; null for the id of another kind. */
export function senderOf(id: string): Sent | null {
  const [, prefix, number] = /^wa:wamid\.(?:out-)?(.+)-(\d+)-\d+(?::sent)?$/.exec(id) ?? [];
  return prefix === undefined ? null : sent(prefix, Number(number));
}

export interface DeliveryLoadOptions {
  /** The ports of services at this moment; none while there is nobody. */
  readonly ports: () => readonly number[];
  /** Makes ids that no other load makes. */
  readonly prefix: string;
  /** Deliveries under way at once. */
  readonly senders: number;
  /** Whether a sender ends where its service is gone, as it does in a record of one run. */
  readonly endsWithService?: boolean;
}

/** Thrown by a sender whose service is gone. */
class Gone extends Error {}

export class DeliveryLoad {
  /** Keys of the deliveries that were answered 200. */
  readonly acknowledged = new Set<string>();
  /** Answers by their status. */
  readonly statuses = new Map<number, number>();
  readonly #options: DeliveryLoadOptions;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #work: Promise<unknown>;
  #deliveries = 0;
  #attempts = 0;
  #stopped = false;

  /** Begins at once. */
  constructor(options: DeliveryLoadOptions) {
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

  async #send(): Promise<void> {
    try {
      while (!this.#stopped) {
        this.#deliveries += 1;
        const delivery = sent(this.#options.prefix, this.#deliveries);
        const copies = this.#deliveries % TWICE_EVERY === 0 ? 2 : 1;
        await Promise.all(Array.from({ length: copies }, () => this.#deliver(delivery)));
      }
    } catch (error) {
      if (!(error instanceof Gone)) throw error;
    }
  }

  async #deliver(delivery: Sent): Promise<void> {
    const endMs = performance.now() + DELIVERY_MS_MAX;
    while ((await this.#attempt(delivery)) !== 200) {
      if (performance.now() > endMs) throw new Error(`${delivery.key} is never accepted`);
      await sleep(RETRY_MS);
    }
    this.acknowledged.add(delivery.key);
  }

  /** Gives the status; null where the service is gone. */
  async #attempt({ key, body }: Sent): Promise<number | null> {
    const ports = this.#options.ports();
    this.#attempts += 1;
    const port = ports[this.#attempts % ports.length];
    if (port === undefined) return null;
    const headers = { ...signedBy(SOURCE, Buffer.from(body)), 'X-Request-ID': key };
    const request = { method: 'POST', path: `/webhook/${SOURCE}`, headers, body };
    let status: number;
    try {
      ({ status } = await send(port, { ...request, agent: this.#agent }));
    } catch {
      if (this.#options.endsWithService === true) throw new Gone();
      return null;
    }
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    if (status !== 200 && status !== 503) throw new Error(`status ${status} for ${key}`);
    return status;
  }
}
