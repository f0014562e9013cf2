// Waits until what the service fills behind its commits, the orders and the search index, holds every message.
import { setTimeout as sleep } from 'node:timers/promises';
import { progressPart } from './report.ts';
import { scrape } from './server.ts';

const BACKLOGS = ['oncebox_order_backlog_messages', 'oncebox_search_backlog_messages'] as const;
const POLL_MS = 100;
/** A backlog that has not shrunk for this long never will. */
const STALL_TIMEOUT_MS = 120_000;

/** Gives the seconds that it took. Rejects when the backlog stands still, or when the service does not report it. */
export async function caughtUp(url: string): Promise<number> {
  const startMs = performance.now();
  let progressMs = startMs;
  let least = Number.POSITIVE_INFINITY;
  let first = Number.NaN;
  for (;;) {
    const samples = await scrape(url);
    const backlog = Math.max(...BACKLOGS.map((name) => samples.get(name) ?? Number.NaN));
    const nowMs = performance.now();
    if (backlog === 0) return (nowMs - startMs) / 1_000;
    if (Number.isNaN(first)) first = backlog;
    if (backlog < least) {
      least = backlog;
      progressMs = nowMs;
    }
    if (nowMs - progressMs > STALL_TIMEOUT_MS) {
      throw new Error(`the backlog of the service stands still at ${backlog} messages`);
    }
    progressPart('search index and orders caught up', first - backlog, first);
    await sleep(POLL_MS);
  }
}
