// Waiting with a bound: a test that waits for something that never comes fails with a reason instead of hanging.
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a test waits for anything before it gives up. A bound against hanging, not a promise of speed. */
export const PATIENCE_MS = 30_000;

/**
 * Settles as `promise` does, or rejects when the bound is reached.
 * `what` completes the sentence "gave up waiting for …"; it is called late, so that it can tell what was seen until then.
 */
export async function bounded<T>(promise: Promise<T>, what: () => string): Promise<T> {
  const timer = new AbortController();
  const late = sleep(PATIENCE_MS, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`gave up waiting for ${what()}`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
    late.catch(() => undefined);
  }
}

/** The longest pause between two attempts of `eventually`, and the part of the time waited that a pause may be. */
const PAUSE_MS_MAX = 100;
const PAUSE_PART = 0.05;

/**
 * Calls `attempt` until it gives something other than undefined, and returns that; `pauseMs` between two calls, and more the longer
 * it takes: attempts need the processor that what is waited for needs, too. Rejects when the bound is reached.
 */
export async function eventually<T>(
  what: string,
  attempt: () => Promise<T | undefined> | T | undefined,
  pauseMs = 10,
): Promise<T> {
  const start = Date.now();
  for (let waited = 0; waited < PATIENCE_MS; waited = Date.now() - start) {
    const found = await attempt();
    if (found !== undefined) return found;
    await sleep(Math.max(pauseMs, Math.min(PAUSE_MS_MAX, waited * PAUSE_PART)));
  }
  throw new Error(`gave up waiting for ${what}`);
}

/** Repeats `act`, at least once, until `work` has settled, and settles as it does. */
export async function during<T>(work: Promise<T>, act: () => Promise<void>): Promise<T> {
  const state = { settled: false };
  const end = work.finally(() => {
    state.settled = true;
  });
  // It is awaited below; until then a rejection must not count as one that nobody handles.
  end.catch(() => undefined);
  while (!state.settled) await act();
  return await end;
}

/**
 * Checks at once, and again a little later: a service may keep its indexes and counters behind its commits,
 * and must give the same answers before they have caught up and after.
 */
export async function soonAndLater(check: () => Promise<void>): Promise<void> {
  await check();
  await sleep(100);
  await check();
}
