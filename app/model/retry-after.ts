// Retry-After: how long who answers asks not to be asked again.

const SECOND_MS = 1_000;

/**
 * Returns the time that the header asks for, in milliseconds from `nowMs` and at most `maxMs`; null where there is none that can be
 * read. Seconds or a date: RFC 9110, section 10.2.3.
 */
export function retryAfterMs(
  header: string | null | undefined,
  nowMs: number,
  maxMs: number,
): number | null {
  const text = header?.trim() ?? '';
  const ms = /^[0-9]+$/.test(text) ? Number(text) * SECOND_MS : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), maxMs);
}
