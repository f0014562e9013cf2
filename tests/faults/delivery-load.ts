// A provider of a named source in a hurry: posts of several messages and statuses, repeated and overlapping, each until it is accepted.
import { PersistentSender } from '../support/persistent-sender.ts';
import { signedBy, whatsapp, whatsappStatus, whatsappText } from '../support/sources.ts';

/** The name of the source, one of SOURCES in `tests/support/sources.ts`. */
const SOURCE = 'wa';
/** Messages, and as many statuses, that a delivery has for itself, at most; where a load does not say otherwise. */
const OWN_MAX = 4;
/** One in so many deliveries also has the first message of the one before it, and its status. */
const OVERLAP_EVERY = 3;

/** The items of a delivery of a load, which is made of nothing but its key and `ownMax`. */
interface Sent {
  /** The ids of the items that no other delivery has. */
  readonly own: readonly string[];
  /** Those, and what another one may have too. */
  readonly items: readonly string[];
}

/** The names in a delivery: its own, and all. `key`: the prefix of its load, and its number from 1. */
function namesOf(key: string, ownMax: number): Record<'own' | 'all', readonly string[]> {
  const [, prefix = '', digits] = /^(.*)-(\d+)$/.exec(key) ?? [];
  const number = Number(digits);
  const own = Array.from({ length: 1 + (number % ownMax) }, (_, place) => `${key}-${place + 1}`);
  const before = number > 1 && number % OVERLAP_EVERY === 0 ? [`${prefix}-${number - 1}-0`] : [];
  return { own, all: [`${key}-0`, ...before, ...own] };
}

/** Returns the ids of what a delivery of a load has, by the key of the delivery. `ownMax`: that of the load. */
export function sent(key: string, ownMax = OWN_MAX): Sent {
  const { own, all } = namesOf(key, ownMax);
  const idsOf = (parts: readonly string[]): string[] =>
    parts.flatMap((name) => [`${SOURCE}:wamid.${name}`, `${SOURCE}:wamid.out-${name}:sent`]);
  return { own: idsOf(own), items: idsOf(all) };
}

/** Returns the key of the delivery that an item was made for; null for the id of another kind. */
export function keyOf(id: string): string | null {
  return /^wa:wamid\.(?:out-)?(.+-\d+)-\d+(?::sent)?$/.exec(id)?.[1] ?? null;
}

function bodyOf(names: readonly string[]): string {
  return whatsapp({
    messages: names.map((name) => whatsappText(`wamid.${name}`, `word${name}end`)),
    statuses: names.map((name) => whatsappStatus(`wamid.out-${name}`, 'sent')),
  });
}

export interface DeliveryLoadOptions {
  /** The ports of services at this moment; none while there is nobody. */
  readonly ports: () => readonly number[];
  /** Makes ids that no other load makes. */
  readonly prefix: string;
  /** Deliveries under way at once. */
  readonly senders: number;
  /** Messages, and as many statuses, that a delivery has for itself, at most; four unless given. */
  readonly ownMax?: number;
  /** Milliseconds between an accepted delivery of a sender and its next one; none unless given. */
  readonly pauseMs?: number;
  /** Whether a sender ends where its service is gone, as it does in a record of one run. */
  readonly endsWithService?: boolean;
}

/** Begins at once. Every delivery that was answered 200 is recorded by its key, with the number of items that it was the first to have. */
export class DeliveryLoad extends PersistentSender<number> {
  constructor({ prefix, ownMax = OWN_MAX, ...options }: DeliveryLoadOptions) {
    super({
      ...options,
      twiceEvery: 5,
      retryMs: 20,
      post: (number) => {
        const key = `${prefix}-${number}`;
        const { own, all } = namesOf(key, ownMax);
        const body = bodyOf(all);
        // Each name has a message and a status; one name more is the one that the next delivery may have, too.
        const record = 2 * (own.length + 1);
        const headers = { ...signedBy(SOURCE, Buffer.from(body)), 'X-Request-ID': key };
        return { key, record, path: `/webhook/${SOURCE}`, headers, body };
      },
    });
  }
}
