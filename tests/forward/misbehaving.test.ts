// A receiver that misbehaves: what is repeated, what waits, and what goes on.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../support/bounded.ts';
import { startService } from '../support/service.ts';
import {
  assertOrdered,
  deadOf,
  forwardingTo,
  messagesOf,
  retryAll,
  senderOf,
  statusOf,
} from './forwarding.ts';
import { type Arrival, type Behaviour, Receiver } from './receiver.ts';

const isFirst = ({ attempt }: Arrival): boolean => attempt === 1;
/** The first item of the first sender. */
const isVictim = ({ id }: Arrival): boolean => id === 'm-0-0';

describe('an attempt that fails is repeated, and holds back only its conversation, where the receiver', () => {
  const behaviours: readonly (readonly [string, Behaviour])[] = [
    ['hangs', 'hang'],
    ['resets the connection', 'reset'],
    ['answers half a head', 'half-headers'],
    ['answers 101', 'upgrade'],
    ['answers 500', { status: 500 }],
    ['redirects', { status: 301, headers: { Location: '/elsewhere' } }],
    ['refuses', { status: 400 }],
  ];
  for (const [what, behaviour] of behaviours)
    it(what, async (t) => {
      // Until it has all of the other senders: however slow they are, they did not wait.
      const receiver: Receiver = await Receiver.start(t, (arrival) =>
        isVictim(arrival) && (isFirst(arrival) || receiver.ids().size < 9) ? behaviour : 'ok',
      );
      const service = await startService(t, {
        env: forwardingTo(receiver, { TIMEOUT_MS: '1000' }),
      });
      await service.store(...messagesOf(4, 12));
      await receiver.hasAccepted(9);
      await receiver.hasAccepted(12);
      assert.deepEqual(
        receiver.arrivals.filter(({ path }) => path !== '/inbox'),
        [],
        'a redirect was followed',
      );
      const attempts = receiver.arrivals.filter(isVictim).map(({ attempt }) => attempt);
      assert.ok(attempts.length > 1);
      assert.deepEqual(
        attempts,
        attempts.map((_, nth) => nth + 1),
        'an attempt is missing, or came twice',
      );
      assert.equal(receiver.arrivals.filter((arrival) => !isVictim(arrival)).length, 11);
      for (let sender = 0; sender < 4; sender += 1)
        assert.deepEqual(
          receiver.accepted.filter((arrival) => senderOf(arrival) === sender).map(({ id }) => id),
          [0, 1, 2].map((nth) => `m-${sender}-${nth}`),
        );
      const first = receiver.accepted.filter(({ seq }) => seq <= 12).map(senderOf);
      assert.deepEqual(first.slice(-3), [0, 0, 0], 'another sender waited');
    });
});

it('an answer counts by its status, also where its body never ends or is cut off', async (t) => {
  const behaviours: readonly Behaviour[] = ['hang-body', 'half-body', 'ok'];
  const receiver = await Receiver.start(t, ({ seq }) => behaviours[seq % 3] ?? 'ok');
  const service = await startService(t, { env: forwardingTo(receiver, { TIMEOUT_MS: '500' }) });
  await service.store(...messagesOf(4, 12));
  await receiver.hasAccepted(12);
  await eventually('all delivered', async () =>
    (await statusOf(service))['delivered'] === 12 ? true : undefined,
  );
  assert.equal(receiver.arrivals.length, 12);
});

it('one that is away is probed, and gets everything in order soon after it is back', async (t) => {
  const receiver = await Receiver.start(t);
  const service = await startService(t, { env: forwardingTo(receiver) });
  await receiver.stop();
  await service.store(...messagesOf(20, 100));
  await eventually('it is slowed', async () =>
    (await statusOf(service))['state'] === 'slowed' ? true : undefined,
  );
  assert.match(String((await statusOf(service))['reason']), /ECONNREFUSED/);
  await receiver.listen();
  await receiver.hasAccepted(100);
  await eventually('it is running', async () =>
    (await statusOf(service))['state'] === 'running' ? true : undefined,
  );
  assertOrdered(receiver);
  const states = service.output.lines().filter(({ event }) => event === 'forward_state');
  assert.deepEqual(
    states.map(({ level }) => level),
    ['INFO', 'WARNING', 'INFO'],
  );
});

it('while it fails for everything, single requests are made', async (t) => {
  const receiver = await Receiver.start(t, () => ({ status: 503 }));
  const service = await startService(t, { env: forwardingTo(receiver) });
  await service.store(...messagesOf(50, 50));
  await eventually('it is slowed, with nothing in flight', async () =>
    (await statusOf(service))['state'] === 'slowed' && receiver.inFlight === 0 ? true : undefined,
  );
  receiver.inFlightMax = 0;
  for (const probe of ['a probe', 'another one', 'a third one']) {
    const { length } = receiver.arrivals;
    await eventually(probe, () => (receiver.arrivals.length > length ? true : undefined));
  }
  assert.equal(receiver.inFlightMax, 1);
  receiver.behave = () => 'ok';
  await receiver.hasAccepted(50);
});

it('one that asks for time with Retry-After rests', async (t) => {
  const stamps: number[] = [];
  const receiver = await Receiver.start(t, () => {
    stamps.push(performance.now());
    return stamps.length === 1 ? { status: 429, headers: { 'Retry-After': '3' } } : 'ok';
  });
  const env = forwardingTo(receiver, { CONCURRENCY: '1' });
  const service = await startService(t, { env });
  await service.store(...messagesOf(3, 3));
  await receiver.hasAccepted(3);
  const [first = 0, second = 0] = stamps;
  assert.ok(second - first >= 2_990, `${second - first} ms`);
});

it('one that says that it is gone is disabled until the next start', async (t) => {
  const receiver = await Receiver.start(t, () => ({ status: 410 }));
  const env = forwardingTo(receiver, { CONCURRENCY: '1' });
  const service = await startService(t, { env });
  await service.store(...messagesOf(3, 3));
  await eventually('it is disabled', async () =>
    (await statusOf(service))['state'] === 'disabled' ? true : undefined,
  );
  assert.match(String((await statusOf(service))['reason']), /410/);
  await service.store(...messagesOf(3, 3, 'later'));
  assert.equal(receiver.arrivals.length, 1);
  const line = service.output
    .lines()
    .find(({ event, level }) => event === 'forward_state' && level === 'ERROR');
  assert.ok(line);
  await service.stop();
  receiver.behave = () => 'ok';
  await startService(t, { directory: service.directory, env });
  await receiver.hasAccepted(6);
});

it('what never succeeds becomes a dead letter, what follows it goes on, and a retry is in order', async (t) => {
  const never = (arrival: Arrival): boolean => senderOf(arrival) === 0 && arrival.id !== 'm-0-2';
  const receiver = await Receiver.start(t, (arrival) => (never(arrival) ? { status: 500 } : 'ok'));
  const service = await startService(t, { env: forwardingTo(receiver, { RETRY_HOURS: '0' }) });
  await service.store(...messagesOf(4, 12));
  await receiver.hasAccepted(10);
  await eventually('dead letters', async () =>
    (await deadOf(service)).length === 2 ? true : undefined,
  );
  assert.deepEqual(await deadOf(service), ['m-0-0', 'm-0-1']);
  receiver.behave = () => 'ok';
  assert.equal(await retryAll(service), 2);
  await receiver.hasAccepted(12);
  assert.deepEqual(
    receiver.accepted.slice(-2).map(({ id }) => id),
    ['m-0-0', 'm-0-1'],
  );
  assert.equal(receiver.arrivals.length, 14);
  await eventually('nothing dead', async () =>
    (await statusOf(service))['dead'] === 0 ? true : undefined,
  );
});

it('in strict order one request is in flight, and everything waits for what failed', async (t) => {
  const receiver = await Receiver.start(t, (arrival) =>
    arrival.id === 'm-1-0' && isFirst(arrival) ? { status: 500 } : 'ok',
  );
  const service = await startService(t, { env: forwardingTo(receiver, { ORDER: 'strict' }) });
  await service.store(...messagesOf(4, 12));
  await receiver.hasAccepted(12);
  assert.equal(receiver.inFlightMax, 1);
  const seqs = receiver.accepted.map(({ seq }) => seq);
  assert.deepEqual(
    seqs,
    seqs.toSorted((one, other) => one - other),
  );
  assert.equal(receiver.arrivals.length, 13);
});
