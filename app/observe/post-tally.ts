// What is counted of each source, in plain numbers: the counters of metrics are made of them when they are scraped.
import {
  DELIVERY_OUTCOMES,
  type DeliveryReceipt,
  ITEM_KINDS,
  noItems,
} from '../model/delivery-receipt.ts';
import { OUTCOMES, type Receipt } from '../model/receipt.ts';
import { DEFAULT_SOURCE } from '../model/source.ts';

/** The counts of one source. */
interface Tally {
  readonly source: string;
  /** Posts by outcome. Every outcome that the source can have is there, at 0 before the first. */
  readonly posts: Record<string, number>;
  readonly items: ReturnType<typeof noItems>;
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
    const { posts, items } = this.#default;
    posts[outcome] = (posts[outcome] ?? 0) + 1;
    if (conflict) items.message.conflict += 1;
  }

  /** Counts a post of a named source. */
  delivered(receipt: DeliveryReceipt): void {
    const counts = this.#named.get(receipt.source);
    if (counts === undefined) return;
    counts.posts[receipt.outcome] = (counts.posts[receipt.outcome] ?? 0) + 1;
    for (const kind of ITEM_KINDS) {
      const count = counts.items[kind];
      count.created += receipt.items[kind].created;
      count.duplicate += receipt.items[kind].duplicate;
      count.conflict += receipt.items[kind].conflict;
    }
  }

  /** Returns the counts of every source, the default one first. */
  sources(): readonly Tally[] {
    const { posts, items } = this.#default;
    const { created = 0, duplicate = 0 } = posts;
    const { conflict } = items.message;
    // A conflict is answered, and counted among the posts, as a duplicate.
    const message = { created, duplicate: duplicate - conflict, conflict };
    return [{ ...this.#default, items: { ...items, message } }, ...this.#named.values()];
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
    return this.sources()
      .flatMap(({ items }) => Object.values(items))
      .reduce((sum, { conflict }) => sum + conflict, 0);
  }
}

function tally(source: string, outcomes: readonly string[]): Tally {
  return {
    source,
    posts: Object.fromEntries(outcomes.map((outcome) => [outcome, 0])),
    items: noItems(),
  };
}
