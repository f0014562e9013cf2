// A database with its index, worked on by hand in this process, and the messages that are in it by the rules alone.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { parseInstant } from '../../app/model/instant.ts';
import type { MessageItem } from '../../app/model/item.ts';
import type { Message } from '../../app/model/message.ts';
import { compareOrder, type OrderKey } from '../../app/model/order.ts';
import { openForReading } from '../../app/storage/sqlite/file/connection.ts';
import { ServiceLock } from '../../app/storage/sqlite/file/service-lock.ts';
import { Indexer } from '../../app/storage/sqlite/index/indexer.ts';
import { Writer } from '../../app/storage/sqlite/write/writer.ts';
import { type Cleaner, temporaryDirectory } from '../support/cleanup.ts';

export type StoredMessage = Message | MessageItem;

/** `steps` of the indexer; `remove`: the messages at these places of those that are stored. */
export type Operation =
  | { readonly append: readonly StoredMessage[] }
  | { readonly steps: number; readonly search: boolean }
  | { readonly remove: readonly number[] }
  | { readonly purge: true }
  | { readonly reopen: true };

export class Life {
  readonly path: string;
  readonly stored = new Map<string, StoredMessage>();
  readonly #removed = new Set<string>();
  #writer: Writer;
  #indexer: Indexer;

  constructor(t: Cleaner) {
    this.path = join(temporaryDirectory(t), 'app.db');
    const { path } = this;
    this.#writer = new Writer(path, ServiceLock.forService(path));
    this.#indexer = new Indexer(path);
  }

  do(operation: Operation): void {
    if ('append' in operation) this.append(operation.append);
    else if ('steps' in operation)
      for (let step = 0; step < operation.steps; step += 1)
        this.#indexer.step(operation.search ? Infinity : 1);
    else if ('remove' in operation) this.#remove(operation.remove);
    else if ('purge' in operation)
      assert.equal(this.#writer.purgeRemovals(this.#indexer.progress.index.removals), null);
    else this.#reopen();
  }

  append(messages: readonly StoredMessage[]): void {
    assert.equal(this.#writer.append(messages).failure, null);
    for (const one of messages) {
      if (this.stored.has(one.message_id) || this.#removed.has(one.message_id)) continue;
      this.stored.set(one.message_id, one);
    }
  }

  /** The numbers up to which the indexer says that the lists and search are filled. */
  get reached(): { listed: number; searched: number } {
    const { listedSeq, searchedSeq } = this.#indexer.progress.index;
    return { listed: listedSeq, searched: searchedSeq };
  }

  /** Removes the messages with these numbers, all of which are there. */
  removeSeqs(seqs: readonly number[]): void {
    const { removed, failure } = this.#writer.remove('messages', seqs);
    assert.deepEqual([removed.messages, failure], [seqs.length, null]);
  }

  /** Fills the index to its end. */
  index(): void {
    while (this.#indexer.step() !== 'none');
  }

  close(): void {
    this.#indexer.close();
    this.#writer.close();
  }

  #remove(places: readonly number[]): void {
    const all = [...this.stored.values()];
    const gone = new Set(places.flatMap((place) => all[place] ?? []));
    this.removeSeqs(this.#seqsOf([...gone]));
    for (const { message_id } of gone) {
      this.stored.delete(message_id);
      this.#removed.add(message_id);
    }
  }

  /** The numbers of messages: conflicts have some of them, too. */
  #seqsOf(messages: readonly Message[]): number[] {
    const database = openForReading(this.path);
    try {
      const select = database.prepare('SELECT seq FROM messages WHERE message_id = ?');
      return messages.map(({ message_id }) => Number(select.get(message_id)?.['seq']));
    } finally {
      database.close();
    }
  }

  #reopen(): void {
    this.close();
    this.#writer = new Writer(this.path, ServiceLock.forService(this.path));
    this.#indexer = new Indexer(this.path);
  }
}

/** The place of a message in the list. */
export function keyOf({ ts, message_id }: Message): OrderKey {
  const instant = parseInstant(ts);
  assert.ok(instant);
  return { ...instant, messageId: message_id };
}

/** The messages in the order of the list. */
export function sorted<T extends Message>(messages: Iterable<T>): T[] {
  return [...messages].toSorted((a, b) => compareOrder(keyOf(a), keyOf(b)));
}

/** The messages as they are listed. */
export function listed(messages: readonly Message[]): Message[] {
  return messages.map(({ message_id, from, to, ts, text }) => ({
    message_id,
    from,
    to,
    ts,
    text,
  }));
}

/** Returns the message as one of a source; that of the default source where it is null. */
export function ofSource(message: Message, source: string | null): StoredMessage {
  if (source === null) return message;
  return {
    ...message,
    message_id: `${source}:${message.message_id}`,
    kind: 'text',
    payload: null,
    content: 'c'.repeat(32),
    delivery: { source, receivedAt: message.ts, headers: [], body: Buffer.from('{}') },
  };
}

export function sourceOf(message: StoredMessage): string {
  return 'delivery' in message ? message.delivery.source : 'default';
}
