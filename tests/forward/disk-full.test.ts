// A disk without room: what is forwarded meanwhile cannot be made durable, and is neither lost nor sent again and again.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { during, eventually } from '../support/bounded.ts';
import { message } from '../support/message.ts';
import { LONG_TEXT, fill, makeRoom, startOnSmallDisk } from '../support/small-disk.ts';
import type { LogLine } from '../support/output.ts';
import type { Service } from '../support/service.ts';
import { assertOrdered, deadOf, forwardingTo, messagesOf, statusOf } from './forwarding.ts';
import { Receiver } from './receiver.ts';

const SENDERS = 16;
const CONCURRENCY = 4;
/** Requests in flight, and those whose results are not durable, are at most so many together: then no other is made. */
const AT_RISK = 2 * CONCURRENCY;
/** So slowly that the last room on the disk, which is enough for some results, is used up before everything is sent. */
const DELAY_MS = 500;
/** For so long the disk stays full: several times as long as the service waits before it tries again. */
const FULL_MS = 4_000;
const MESSAGES = messagesOf(SENDERS, 1_000);

/** Fills the disk with the messages from one on. Returns the number of the first that was refused. */
async function fillFrom(service: Service, first: number): Promise<number> {
  return first + (await fill(service, (number) => MESSAGES[first + number] ?? {}));
}

it('with a full disk posts are refused, and everything is forwarded once and in order, the rest when there is room', async (t) => {
  const failed: string[] = [];
  const full = Promise.withResolvers<void>();
  let isFull = false;
  const receiver = await Receiver.start(t, ({ id }) => {
    if (!isFull) return { status: 204, after: full.promise };
    if (failed.length > 0) return { status: 204, after: sleep(DELAY_MS) };
    failed.push(id);
    return { status: 500 };
  });
  const env = forwardingTo(receiver, { CONCURRENCY: String(CONCURRENCY), TIMEOUT_MS: '60000' });
  const service = await startOnSmallDisk(t, env);
  if (!service) return;
  let stored = await fillFrom(service, 0);
  isFull = true;
  full.resolve();
  const stalled = ({ event }: LogLine): boolean => event === 'forward_stalled';
  // Where a long text finds no room, a short row still may, and a checkpoint makes some.
  await during(service.output.line('the line that says so', stalled), async () => {
    stored = await fillFrom(service, stored);
  });
  await eventually('the service not to be ready', async () =>
    (await service.get('/health/ready')).status === 503 ? true : undefined,
  );
  await sleep(FULL_MS);
  assert.equal((await service.post(message({ text: LONG_TEXT }))).status, 503);
  const { length } = receiver.arrivals;
  // The last of the room may have been enough for some of the results.
  const { behind, retrying } = await statusOf(service);
  const durable = stored - Number(behind) + Number(retrying);
  assert.ok(length <= durable + AT_RISK, 'requests go on without their results');
  assert.ok(receiver.arrivals.length < stored, 'everything was sent before the disk was full');
  assert.equal(failed.length, 1);

  receiver.behave = () => 'ok';
  makeRoom(service);
  await receiver.hasAccepted(stored);
  const last = message({ message_id: 'last' });
  await eventually('a post to be accepted', async () =>
    (await service.post(last)).status === 200 ? true : undefined,
  );
  await receiver.hasAccepted(stored + 1);
  await eventually('everything to be durable', async () =>
    (await statusOf(service))['behind'] === 0 ? true : undefined,
  );
  const ids = MESSAGES.slice(0, stored).map(({ message_id: id }) => String(id));
  assert.deepEqual(receiver.ids(), new Set([...ids, 'last']));
  assert.equal(receiver.accepted.length, stored + 1, 'something was sent again');
  assert.equal(receiver.arrivals.length, stored + 2);
  assertOrdered(receiver);
  assert.deepEqual(await deadOf(service), []);
  assert.deepEqual(await service.stop(), { code: 0, signal: null });
});
