// One replay: stored deliveries are decoded again as their sources are configured now, and what is new is stored.
import { type Item, UNPARSED, isEvent } from '../../model/item.ts';
import type { Source } from '../../sources/scheme.ts';
import type { StoreAdmin } from '../../storage/admin.ts';
import type { ArchivedDelivery, BulkImport, DeliveryFilter } from '../../storage/archive.ts';

export interface ReplayTotals {
  /** Deliveries that were decoded. */
  deliveries: number;
  /** Items that are new. */
  created: number;
  /** Items that are stored, or were removed. */
  duplicates: number;
  /** Items that are stored with other content, which stays; theirs is kept as an event. */
  conflicts: number;
  /** Deliveries of which something still cannot be parsed. */
  stillUnparsed: number;
  /** Stored events that decoding does not yield any more, such as `unparsed` ones; they stay. */
  superseded: number;
  /** Deliveries of sources that are not configured. */
  skipped: number;
}

/** The end of the id of a conflict: it is no item of the post. */
const CONFLICT_ID = /:conflict:[0-9a-f]{32}$/;

export class Replayer {
  readonly totals: ReplayTotals = {
    deliveries: 0,
    created: 0,
    duplicates: 0,
    conflicts: 0,
    stillUnparsed: 0,
    superseded: 0,
    skipped: 0,
  };
  /** The numbers of the deliveries that were found. */
  readonly found = new Set<number>();
  /** The names of sources that are not configured. */
  readonly unknownSources = new Set<string>();
  readonly #admin: StoreAdmin;
  readonly #sources: ReadonlyMap<string, Source>;
  readonly #interruption: AbortSignal;
  #bulk: BulkImport | null = null;

  constructor(admin: StoreAdmin, sources: readonly Source[], interruption: AbortSignal) {
    this.#admin = admin;
    this.#sources = new Map(sources.map((source) => [source.name, source]));
    this.#interruption = interruption;
  }

  /** Replays the deliveries that match. Each chunk is stored before the next is read, so that it can be repeated at any time. */
  async run(filter: DeliveryFilter, onProgress: (deliveries: number) => void): Promise<void> {
    for await (const chunk of this.#admin.exportDeliveries(filter)) {
      if ('numbers' in filter) for (const { number } of chunk) this.found.add(number);
      await this.#store(chunk.flatMap((delivery) => this.#decode(delivery)));
      onProgress(this.totals.deliveries);
      // Signals arrive in an iteration of the event loop.
      await new Promise(setImmediate);
      this.#interruption.throwIfAborted();
    }
  }

  /** Brings lists and search up to date; otherwise a service, or the next command that writes, does. */
  async updateIndex(onProgress: (messages: number) => void): Promise<void> {
    await this.#bulk?.updateLists(this.#interruption);
    await this.#bulk?.updateSearch(this.#interruption, onProgress);
  }

  close(): void {
    this.#bulk?.close();
  }

  #decode(delivery: ArchivedDelivery): readonly Item[] {
    const source = this.#sources.get(delivery.source);
    if (source === undefined) {
      this.totals.skipped += 1;
      this.unknownSources.add(delivery.source);
      return [];
    }
    const decoded = source.receiver.decode(delivery);
    const items = 'items' in decoded ? decoded.items : [];
    const events = items.filter(isEvent);
    const ids = new Set(events.map(({ event_id }) => event_id));
    this.totals.deliveries += 1;
    if (events.some(({ type }) => type === UNPARSED)) this.totals.stillUnparsed += 1;
    this.totals.superseded += delivery.events.filter(
      (id) => !ids.has(id) && !CONFLICT_ID.test(id),
    ).length;
    return items;
  }

  async #store(items: readonly Item[]): Promise<void> {
    if (items.length === 0) return;
    const bulk = (this.#bulk ??= await this.#admin.openImport());
    for (let at = 0; at < items.length;) {
      const batch = items.slice(at, at + bulk.batchMessages);
      at += batch.length;
      for (const outcome of await bulk.append(batch)) {
        if (outcome === 'created') this.totals.created += 1;
        else if (outcome === 'duplicate') this.totals.duplicates += 1;
        else this.totals.conflicts += 1;
      }
    }
  }
}
