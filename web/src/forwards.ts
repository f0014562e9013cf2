// Destinations and what became of items there, in words.
import { ApiError } from './api.ts';
import { getDestinations, type Attempts, type Destination } from './forward-api.ts';
import type { IconName } from './icon.tsx';
import { usePolled } from './polled.ts';

const POLL_MS = 3_000;
const FORBIDDEN = 403;

/** The destinations that are configured, or were, kept up to date. */
export function useDestinations() {
  return usePolled('forwards', POLL_MS, getDestinations);
}

export const MODE_WORDS: Readonly<Record<NonNullable<Destination['mode']>, string>> = {
  item: 'One request for each item',
  raw: 'Each delivery as its provider sent it',
};

export const ORDER_WORDS: Readonly<Record<NonNullable<Destination['order']>, string>> = {
  sender: 'in order for each sender',
  strict: 'in order, one at a time',
  none: 'in any order',
};

/** What became of an item: in words, with a colour and a sign. */
export const ATTEMPT_WORDS: Readonly<
  Record<Attempts['state'], readonly [words: string, tone: string, icon: IconName]>
> = {
  delivered: ['Delivered', 'good', 'ok'],
  pending: ['Not attempted yet', '', 'pause'],
  retry: ['Failed, and will be retried', 'warn', 'offline'],
  waiting: ['Waits behind an earlier item of its conversation', '', 'pause'],
  dead: ['Given up: a dead letter', 'bad', 'bad'],
};

/** Why an action had no effect. */
export function failureWords(error: unknown): string {
  if (!(error instanceof ApiError)) return 'The service does not answer. Try again.';
  return error.status === FORBIDDEN
    ? `This is not allowed: ${error.message}.`
    : `It failed: ${error.message}.`;
}
