// Receives a post of a named source: verify, decode, store. As for `receive`, a later step never runs before an earlier one has passed.
import { type CountsByKind, type DeliveryReceipt, noItems } from '../model/delivery-receipt.ts';
import { type Delivery, type Item, UNPARSED, isEvent } from '../model/item.ts';
import type { Post, Source } from '../sources/scheme.ts';
import type { AppendOutcome, Store } from '../storage/store.ts';
import type { FindHint } from './hint.ts';
import { keptHeaders } from './kept-headers.ts';

/** `receiveDelivery` bound to a store and to what finds hints, as the HTTP layer calls it. */
export type ReceiveDelivery = (source: Source, post: Post) => Promise<DeliveryReceipt>;

/** A receipt before anything is known; each outcome adds what it knows. */
const NOTHING_KNOWN = {
  signedWith: null,
  fault: null,
  hint: null,
  items: noItems(),
  reason: null,
  answer: null,
} as const;

/** Returns the receipt of a body that was refused for its size, before any of it was verified. */
export function tooLarge(source: string): DeliveryReceipt {
  return { ...NOTHING_KNOWN, source, outcome: 'payload_too_large' };
}

/** Returns the receipt of a body that was not read to its end, because too many others were in flight. */
export function overloaded(source: string): DeliveryReceipt {
  return { ...NOTHING_KNOWN, source, outcome: 'unavailable', reason: 'too_many_bodies' };
}

/**
 * Receives one post, as it came. `nowMs`: when it arrived. Resolves to `created` or `duplicate` only when all of its items are durable,
 * and to `unavailable` where that cannot be said of any. Never rejects.
 */
export async function receiveDelivery(
  store: Store,
  findHint: FindHint,
  source: Source,
  post: Post,
  nowMs: number,
): Promise<DeliveryReceipt> {
  const { name, receiver } = source;
  const verdict = receiver.verify(post, nowMs);
  if ('fault' in verdict) {
    const { fault } = verdict;
    const hint = findHint(source, post, fault, nowMs) ?? verdict.hint;
    return { ...NOTHING_KNOWN, source: name, outcome: 'invalid_signature', fault, hint };
  }
  const delivery: Delivery = {
    source: name,
    receivedAt: new Date(nowMs).toISOString(),
    headers: keptHeaders(post.headers, receiver.headers),
    body: post.body,
  };
  const known = { ...NOTHING_KNOWN, source: name, signedWith: verdict.signedWith };
  const decoded = receiver.decode(delivery);
  if ('reply' in decoded) return { ...known, outcome: 'handshake', answer: decoded.reply };
  const { items } = decoded;
  const stored = await store.append(items);
  if ('unavailable' in stored)
    return { ...known, outcome: 'unavailable', reason: stored.unavailable };
  return {
    ...known,
    outcome: stored.includes('created') ? 'created' : 'duplicate',
    items: countsOf(items, stored),
    answer: receiver.stored,
  };
}

function countsOf(items: readonly Item[], outcomes: readonly AppendOutcome[]): CountsByKind {
  const counts = noItems();
  for (const [index, item] of items.entries()) {
    const outcome = outcomes[index];
    if (outcome !== undefined) counts[kindOf(item)][outcome] += 1;
  }
  return counts;
}

function kindOf(item: Item): keyof CountsByKind {
  if (!isEvent(item)) return 'message';
  return item.type === UNPARSED ? 'unparsed' : 'event';
}
