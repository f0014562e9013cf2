// The settings of a service that forwards to a receiver, posts of many senders, and whether these arrived in order.
import assert from 'node:assert/strict';
import { message } from '../support/message.ts';
import type { Draft } from '../support/message.ts';
import type { Environment, Service } from '../support/service.ts';
import type { Arrival, Receiver } from './receiver.ts';

export const KEY = `whsec_${Buffer.from('a key of 32 bytes for forwarding').toString('base64')}`;

/** Returns settings of one destination `app`. `settings`: others of it, by the ends of their variables. */
export function forwardingTo(
  receiver: Pick<Receiver, 'url'>,
  settings: Readonly<Record<string, string>> = {},
): Environment {
  const all = { URL: receiver.url, SECRET: KEY, ...settings };
  return {
    FORWARDS: 'app',
    API_TOKEN: TOKEN,
    ...Object.fromEntries(Object.entries(all).map(([end, value]) => [`FORWARD_APP_${end}`, value])),
  };
}

const TOKEN = 'the-token-of-these-tests';
const AUTHORIZED = { Authorization: `Bearer ${TOKEN}` };

/** Returns messages of so many senders in turns. Their ids say of whom they are, and the how many-th of theirs. */
export function messagesOf(senders: number, count: number, prefix = 'm'): Draft[] {
  return Array.from({ length: count }, (_, at) =>
    message({
      message_id: `${prefix}-${at % senders}-${Math.floor(at / senders)}`,
      from: `+49151${String(1_000_000 + (at % senders))}`,
    }),
  );
}

/** The sender of an arrived item, by the number that its id says. */
export function senderOf(arrival: Pick<Arrival, 'id'>): number {
  return Number(arrival.id.split('-').at(-2));
}

/** What `GET /forwards` says of the destination. */
export async function statusOf(service: Service): Promise<Record<string, unknown>> {
  const answer = await service.send({ path: '/forwards', headers: AUTHORIZED });
  const { data } = answer.json() as { data: Record<string, unknown>[] };
  const [status] = data;
  if (status === undefined) throw new Error(answer.text);
  return status;
}

/** The ids of dead letters. */
export async function deadOf(service: Service): Promise<string[]> {
  const answer = await service.send({ path: '/forwards/app/dead?limit=100', headers: AUTHORIZED });
  const { data } = answer.json() as { data: { id: string }[] };
  return data.map(({ id }) => id);
}

/** Has dead letters attempted again. */
export async function retryAll(service: Service): Promise<number> {
  const answer = await service.send({
    method: 'POST',
    path: '/forwards/app/retry',
    headers: { ...AUTHORIZED, 'Content-Type': 'application/json' },
    body: '{"all":true}',
  });
  if (answer.status !== 200) throw new Error(answer.text);
  return (answer.json() as { retried: number }).retried;
}

/** The first time that each item was accepted, those of a sender came in the order of their numbers. */
export function assertOrdered({ accepted }: Pick<Receiver, 'accepted'>): void {
  const seen = new Set<string>();
  const last = new Map<string, number>();
  for (const { id, seq, body } of accepted) {
    if (seen.has(id)) continue;
    seen.add(id);
    const { from } = (JSON.parse(body.toString()) as { data: { from: string } }).data;
    assert.ok((last.get(from) ?? 0) < seq, `${id} came late`);
    last.set(from, seq);
  }
}
