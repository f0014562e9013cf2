// When an attempt that failed is repeated.

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
/** After the first failure, the second, and so on; after the last of them always the same. */
const DELAYS_MS = [
  5 * SECOND_MS,
  300 * SECOND_MS,
  1_800 * SECOND_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  12 * HOUR_MS,
];
/** Each delay is longer or shorter by up to this part of it, so that what failed together is not repeated together. */
const JITTER = 0.2;
/** What a destination may ask for by Retry-After. */
const RETRY_AFTER_MS_MAX = 24 * HOUR_MS;

/** Returns the time until the next attempt, in milliseconds, after so many that failed. `random`: 0 to 1. */
export function retryDelayMs(attempts: number, random: number = Math.random()): number {
  const delay = DELAYS_MS[Math.min(attempts, DELAYS_MS.length) - 1] ?? 0;
  return Math.round(delay * (1 - JITTER + 2 * JITTER * random));
}

/** Returns the time that a Retry-After asks for, in milliseconds from now (RFC 9110, section 10.2.3); null where it has none that can be read. */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  const ms = /^[0-9]{1,9}$/.test(text) ? Number(text) * SECOND_MS : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), RETRY_AFTER_MS_MAX);
}
