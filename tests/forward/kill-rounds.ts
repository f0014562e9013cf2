// Kills Oncebox, and the application behind it, again and again while posts come: what arrives, how often and in which order.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { eventually } from '../support/bounded.ts';
import type { Draft } from '../support/message.ts';
import { startService } from '../support/service.ts';
import type { Options, Service } from '../support/service.ts';
import {
  assertOrdered,
  deadOf,
  forwardingTo,
  messagesOf,
  retryAll,
  statusOf,
} from './forwarding.ts';
import { type Arrival, type Behaviour, Receiver } from './receiver.ts';

const SENDERS = 16;
const POSTERS = 4;
const CONCURRENCY = 8;
/** Requests that one kill may have repeated: those in flight, and those answered whose answers were not durable. */
const REPEATS_A_KILL = 2 * CONCURRENCY;

export interface ForwardKillOptions {
  readonly rounds: number;
  readonly items: number;
  readonly random: () => number;
  /** `once`: each item fails at most once, and all arrive in order. `dead`: some never succeed, and the application is killed too. */
  readonly failing: 'once' | 'dead';
}

export interface ForwardKillFigures {
  readonly kills: number;
  readonly items: number;
  readonly repeats: number;
  readonly dead: number;
}

/** Runs so many deaths of one database. Rejects at the first thing that is lost, out of order, repeated too often or wrongly given up. */
export async function forwardKillRounds(
  t: Cleaner,
  { rounds, items, random, failing }: ForwardKillOptions,
): Promise<ForwardKillFigures> {
  const drafts = messagesOf(SENDERS, items);
  const misbehaved = new Set<string>();
  const receiver = await Receiver.start(t, (arrival) =>
    behaviourOf(arrival, failing, random, misbehaved),
  );
  const env = forwardingTo(receiver, {
    CONCURRENCY: String(CONCURRENCY),
    TIMEOUT_MS: '400',
    START: 'beginning',
    ...(failing === 'dead' ? { RETRY_HOURS: '0' } : {}),
  });
  const options: Options = { directory: temporaryDirectory(t), env };
  const now: { service: Service } = { service: await startService(t, options) };
  const posted = postAll(drafts, () => now.service);
  for (let kills = 0; kills < rounds; kills += 1) {
    await sleep(50 + random() * 1_200);
    if (failing === 'dead' && random() < 0.3) {
      await receiver.stop();
      await sleep(random() * 300);
      await receiver.listen();
    }
    now.service.signal('SIGKILL');
    await now.service.end();
    now.service = await startService(t, options);
  }
  await posted;
  const never = drafts.map(({ message_id: id }) => String(id)).filter(isHopeless);
  const expected = failing === 'dead' ? never : [];
  await settle(now.service, receiver, items - expected.length, failing);
  assert.deepEqual(new Set(await deadOf(now.service)), new Set(expected));
  const all = drafts.map(({ message_id: id }) => String(id)).filter((id) => !expected.includes(id));
  assert.deepEqual(receiver.ids(), new Set(all));
  if (failing === 'once') assertOrdered(receiver);
  const repeats = receiver.accepted.length - receiver.ids().size;
  assert.ok(repeats <= rounds * REPEATS_A_KILL, `${repeats} repeats after ${rounds} kills`);
  assert.deepEqual(await now.service.stop(), { code: 0, signal: null });
  return { kills: rounds, items, repeats, dead: expected.length };
}

const FAULTS: readonly Behaviour[] = [
  'hang',
  'half-headers',
  'reset',
  { status: 301, headers: { Location: '/elsewhere' } },
  { status: 400 },
  { status: 500 },
];

function behaviourOf(
  arrival: Arrival,
  failing: ForwardKillOptions['failing'],
  random: () => number,
  misbehaved: Set<string>,
): Behaviour {
  const { id } = arrival;
  const fault = FAULTS[Math.floor(random() * FAULTS.length)] ?? 'reset';
  if (failing === 'dead') return isHopeless(id) || random() < 0.02 ? fault : 'ok';
  // Once each, as the next failure of an item would be repeated minutes later.
  if (misbehaved.has(id) || random() >= 0.01)
    return random() < 0.1 ? { status: 204, after: sleep(20) } : 'ok';
  misbehaved.add(id);
  return fault;
}

/** Whether the receiver never takes an item. */
function isHopeless(id: string): boolean {
  return /^m-3-[0-9]*7$/.test(id);
}

/** Posts everything, each until it was acknowledged, to the service that runs. */
async function postAll(drafts: readonly Draft[], service: () => Service): Promise<void> {
  const rest = drafts.values();
  const poster = async (): Promise<void> => {
    for (const draft of rest)
      await eventually('an acknowledgement', async () => {
        const answer = await service()
          .post(draft)
          .catch(() => null);
        return answer?.status === 200 ? true : undefined;
      });
  };
  await Promise.all(Array.from({ length: POSTERS }, poster));
}

/** Waits until nothing is left that can succeed. Dead letters are retried until only those are left that never can. */
async function settle(
  service: Service,
  receiver: Receiver,
  items: number,
  failing: ForwardKillOptions['failing'],
): Promise<void> {
  receiver.behave = ({ id }) => (failing === 'dead' && isHopeless(id) ? { status: 400 } : 'ok');
  await eventually(
    `${items} items at the receiver`,
    async () => {
      const { behind } = await statusOf(service);
      if (behind !== 0) return undefined;
      if (receiver.ids().size >= items) return true;
      if (failing === 'dead') await retryAll(service);
      return undefined;
    },
    200,
  );
  await eventually('nothing is retried', async () =>
    (await statusOf(service))['behind'] === 0 ? true : undefined,
  );
}
