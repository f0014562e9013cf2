// How far lists and search are behind the commits, and waiting until they hold every message.
import { setTimeout as sleep } from 'node:timers/promises';
import { progressPart } from './report.ts';
import { scrape } from './server.ts';

/** What is derived from the messages behind the commits; the second one is the first one's name in versions before the index file. */
const LIST_BACKLOGS = ['oncebox_list_backlog_messages', 'oncebox_order_backlog_messages'] as const;
const SEARCH_BACKLOG = 'oncebox_search_backlog_messages';
const POLL_MS = 100;
/** A backlog that has not shrunk for this long never will. */
const STALL_TIMEOUT_MS = 120_000;

export interface Backlog {
  readonly lists: number;
  readonly search: number;
}

/** Returns what samples of /metrics say; null where the server has no such figures. */
export function backlogOf(samples: ReadonlyMap<string, number>): Backlog | null {
  const lists = LIST_BACKLOGS.map((name) => samples.get(name)).find((one) => one !== undefined);
  const search = samples.get(SEARCH_BACKLOG);
  return lists === undefined || search === undefined ? null : { lists, search };
}

/** Returns the seconds that it took. Rejects when the backlog stands still, or when the service does not report it. */
export async function caughtUp(url: string): Promise<number> {
  const startMs = performance.now();
  let progressMs = startMs;
  let least = Number.POSITIVE_INFINITY;
  let first = Number.NaN;
  for (;;) {
    const { lists, search } = backlogOf(await scrape(url)) ?? { lists: Number.NaN, search: 0 };
    const backlog = lists + search;
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
    progressPart('lists and search caught up', first - backlog, first);
    await sleep(POLL_MS);
  }
}
