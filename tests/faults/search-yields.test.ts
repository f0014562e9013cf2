// On a saturated machine search falls behind the lists, and with a processor to spare it follows them; what it lacks is found all the same.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventually } from '../support/bounded.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { parseExposition, valueOf } from '../support/exposition.ts';
import { message } from '../support/message.ts';
import { startService } from '../support/service.ts';
import type { Service } from '../support/service.ts';
import { mutant, mutateAlso } from './mutant.ts';

const PACE = 'storage/sqlite/index/search-pace.ts';
const RATE = 'storage/sqlite/index/commit-rate.ts';
const MESSAGES = 100;
/** The lists take what came in a second, so they take all of it in fewer batches than this. */
const BATCHES_MAX = 40;

/** Starts a service to which any messages are many, and whose search takes one after the other; `share` is when a machine is saturated. */
async function busyService(t: Cleaner, share: string): Promise<Service> {
  const main = mutant(t, PACE, 'PROCESSOR_SHARE_MIN = 0.8;', `PROCESSOR_SHARE_MIN = ${share};`);
  mutateAlso(main, PACE, 'BACKLOG_MAX = 65_536;', 'BACKLOG_MAX = 0;');
  mutateAlso(main, PACE, 'WINDOW_MS = 500;', 'WINDOW_MS = 0;');
  mutateAlso(main, RATE, 'BUSY_PER_SECOND = 2_000;', 'BUSY_PER_SECOND = -1;');
  mutateAlso(main, RATE, '#busy = false;', '#busy = true;');
  const indexer = 'storage/sqlite/index/indexer.ts';
  mutateAlso(main, indexer, 'SEARCH_BATCH_MESSAGES = 4_096;', 'SEARCH_BATCH_MESSAGES = 1;');
  const service = await startService(t, { main });
  const texts = Array.from({ length: MESSAGES }, () => message({ text: 'hello there' }));
  await Promise.all(texts.map((text) => service.store(text)));
  return service;
}

/** Waits until what is derived from the messages lacks this many of them, or fewer. */
async function lacking(service: Service, what: 'list' | 'search', atMost: number): Promise<number> {
  return eventually(`the ${what} backlog`, async () => {
    const { text } = await service.get('/metrics');
    const backlog = valueOf(parseExposition(text), `oncebox_${what}_backlog_messages`);
    return backlog <= atMost ? backlog : undefined;
  });
}

it('search waits for the lists on a saturated machine', async (t) => {
  const service = await busyService(t, 'Infinity');
  await lacking(service, 'list', 0);
  // Until the lists have the next one, search has had all the time that it could need.
  await service.store(message({ text: 'one more' }));
  await lacking(service, 'list', 0);
  const backlog = await lacking(service, 'search', MESSAGES + 1);
  assert.ok(backlog > MESSAGES - BATCHES_MAX, `it lacks ${backlog} only`);
  assert.equal((await service.page('?q=HELLO')).total, MESSAGES);
});

it('search follows the lists where a processor is free', async (t) => {
  const service = await busyService(t, '0');
  assert.equal(await lacking(service, 'search', 0), 0);
  assert.equal((await service.page('?q=HELLO')).total, MESSAGES);
});
