// The counters of posts, of all sources together and of each.
import { Counter, type Registry } from 'prom-client';
import type { PostTally } from './post-tally.ts';

/** Registers `webhook_requests_total`. */
export function countPosts(registers: Registry[], tally: PostTally): void {
  new Counter({
    name: 'webhook_requests_total',
    help: 'Webhook requests by outcome.',
    labelNames: ['result'],
    registers,
    collect() {
      this.reset();
      for (const [result, count] of Object.entries(tally.posts())) this.inc({ result }, count);
    },
  });
}

/** Registers the counters of conflicts, and of the posts and items of each source. */
export function countSources(registers: Registry[], tally: PostTally): void {
  new Counter({
    name: 'webhook_conflicts_total',
    help: 'Duplicates whose content differs from the stored message.',
    registers,
    collect() {
      this.reset();
      this.inc(tally.conflicts());
    },
  });
  new Counter({
    name: 'oncebox_source_requests_total',
    help: 'Webhook requests by source and outcome.',
    labelNames: ['source', 'result'],
    registers,
    collect() {
      this.reset();
      for (const { source, posts } of tally.sources())
        for (const [result, count] of Object.entries(posts)) this.inc({ source, result }, count);
    },
  });
  new Counter({
    name: 'oncebox_source_items_total',
    help: 'Messages, events, and what could not be read, in the posts that were stored, by source and by what became of them.',
    labelNames: ['source', 'item', 'result'],
    registers,
    collect() {
      this.reset();
      for (const { source, items } of tally.sources())
        for (const [item, counts] of Object.entries(items))
          for (const [result, count] of Object.entries(counts))
            this.inc({ source, item, result }, count);
    },
  });
}
