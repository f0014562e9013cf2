// Destinations and what became of items there, in words.
import { ApiError } from './api.ts';
import { getDestinations, type Attempts, type Destination } from './forward-api.ts';
import type { IconName } from './icon.tsx';
import { usePolled } from './polled.ts';

const POLL_MS = 3_000;
/** What the service says to those who may change nothing, as it has no token. */
const FORBIDDEN = 403;

/** The destinations that are configured, or were, kept up to date. */
export function useDestinations() {
  return usePolled('forwards', POLL_MS, getDestinations);
}

/** Why a destination is not running, and what that means; null where it is. */
export function reasonWords({ state, reason }: Destination): string | null {
  if (state === 'removed')
    return 'It is not configured any more, and nothing is sent to it. Its state is kept for 30 days.';
  if (state === 'slowed')
    return `Attempts fail: ${reason}. Only single ones are made until one succeeds.`;
  return state === 'disabled' ? `Nothing is sent, as ${reason}.` : null;
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
  discarded: ['Given up, and discarded', '', 'bad'],
};

/** Why an action had no effect. */
export function failureWords(error: unknown): string {
  if (!(error instanceof ApiError)) return 'The service does not answer. Try again.';
  if (error.status === FORBIDDEN)
    return 'This is possible only where API_TOKEN is set. Set it and restart the service: then this page asks for it.';
  return `It failed: ${error.message}.`;
}
