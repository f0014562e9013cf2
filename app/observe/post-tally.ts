// What is counted of each source, in plain numbers: the counters of metrics are made of them when they are scraped.
import {
  DELIVERY_OUTCOMES,
  type DeliveryReceipt,
  type ItemCounts,
  NO_ITEMS,
} from '../model/delivery-receipt.ts';
import { OUTCOMES, type Receipt } from '../model/receipt.ts';
import { DEFAULT_SOURCE } from '../model/source.ts';

/** The counts of one source. */
interface Tally {
  readonly source: string;
  /** Posts by outcome. Every outcome that the source can have is there, at 0 before the first. */
  readonly posts: Record<string, number>;
  readonly messages: Record<keyof ItemCounts, number>;
  readonly events: Record<keyof ItemCounts, number>;
}

export class PostTally {
  readonly #default = tally(DEFAULT_SOURCE, OUTCOMES);
  readonly #named: ReadonlyMap<string, Tally>;

  /** `names`: the configured sources beside the default one. */
  constructor(names: readonly string[]) {
    this.#named = new Map(names.map((name) => [name, tally(name, DELIVERY_OUTCOMES)]));
  }

  /** Counts a post of the default source. Each of those that are stored is one message. */
  received({ outcome, conflict }: Receipt): void {
    const { posts, messages } = this.#default;
    posts[outcome] = (posts[outcome] ?? 0) + 1;
    if (conflict) messages.conflict += 1;
  }

  /** Counts a post of a named source. */
  delivered(receipt: DeliveryReceipt): void {
    const counts = this.#named.get(receipt.source);
    if (counts === undefined) return;
    counts.posts[receipt.outcome] = (counts.posts[receipt.outcome] ?? 0) + 1;
    add(counts.messages, receipt.messages);
    add(counts.events, receipt.events);
  }

  /** Returns the counts of every source, the default one first. */
  sources(): readonly Tally[] {
    const { posts, messages } = this.#default;
    const { created = 0, duplicate = 0 } = posts;
    const { conflict } = messages;
    // A conflict is answered, and counted among the posts, as a duplicate.
    const items = { created, duplicate: duplicate - conflict, conflict };
    return [{ ...this.#default, messages: items }, ...this.#named.values()];
  }

  /** Returns the posts of all sources by outcome. */
  posts(): Readonly<Record<string, number>> {
    const total: Record<string, number> = {};
    for (const { posts } of this.sources())
      for (const [outcome, count] of Object.entries(posts))
        total[outcome] = (total[outcome] ?? 0) + count;
    return total;
  }

  /** Returns the conflicts of all sources. */
  conflicts(): number {
    return this.sources().reduce(
      (sum, { messages, events }) => sum + messages.conflict + events.conflict,
      0,
    );
  }
}

function tally(source: string, outcomes: readonly string[]): Tally {
  return {
    source,
    posts: Object.fromEntries(outcomes.map((outcome) => [outcome, 0])),
    messages: { ...NO_ITEMS },
    events: { ...NO_ITEMS },
  };
}

function add(counts: Record<keyof ItemCounts, number>, more: ItemCounts): void {
  counts.created += more.created;
  counts.duplicate += more.duplicate;
  counts.conflict += more.conflict;
}
