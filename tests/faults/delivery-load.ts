// A provider of a named source in a hurry: posts of several messages and statuses, repeated and overlapping, each until it is accepted.
import { PersistentSender } from '../support/persistent-sender.ts';
import { signedBy, whatsapp, whatsappStatus, whatsappText } from '../support/sources.ts';

/** The name of the source, one of SOURCES in `tests/support/sources.ts`. */
const SOURCE = 'wa';
const ITEMS_MAX = 4;
/** One in so many deliveries also has the first message of the one before it, and its status. */
const OVERLAP_EVERY = 3;

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

/** Begins at once. Every delivery that was answered 200 is recorded by its key. */
export class DeliveryLoad extends PersistentSender<Sent> {
  constructor({ prefix, ...options }: DeliveryLoadOptions) {
    super({
      ...options,
      twiceEvery: 5,
      retryMs: 20,
      post: (number) => {
        const record = sent(prefix, number);
        const { key, body } = record;
        const headers = { ...signedBy(SOURCE, Buffer.from(body)), 'X-Request-ID': key };
        return { key, record, path: `/webhook/${SOURCE}`, headers, body };
      },
    });
  }
}
