// Destinations for the tests of the dashboard and for its pictures: one in each state, all of them behind one receiver.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '../support/bounded.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { message } from '../support/message.ts';
import type { Environment, Service } from '../support/service.ts';

/** The sender that the applications `crm` and `billing` refuse. */
const REFUSED = '+4915112345678';
const REFUSED_MESSAGES = 60;
const SECRET = `whsec_${Buffer.from('a key of the tests, of 32 bytes.').toString('base64')}`;

/** What each application does. */
const ANSWERS: Readonly<Record<string, (body: string) => number>> = {
  '/app': () => 200,
  '/crm': (body) => (body.includes(REFUSED) ? 422 : 200),
  '/billing': (body) => (body.includes(REFUSED) ? 422 : 200),
  '/audit': () => 503,
  '/legacy': () => 410,
};

export interface Receiver {
  readonly port: number;
  /** Answers with 200 from now on, whatever comes. */
  readonly recover: () => void;
  /** The ids that an application took, in order. */
  readonly taken: (name: string) => readonly string[];
}

/** Starts an HTTP server with all the applications; it is ended after the tests. */
export async function startReceiver(t: Cleaner): Promise<Receiver> {
  const taken: { path: string; id: string }[] = [];
  let recovered = false;
  const server = createServer((request, response) => {
    const { url: path = '/', headers } = request;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const status = recovered ? 200 : (ANSWERS[path]?.(body) ?? 404);
      if (status === 200) taken.push({ path, id: String(headers['webhook-id']) });
      response.writeHead(status).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    recover: () => {
      recovered = true;
    },
    taken: (name) => taken.filter(({ path }) => path === `/${name}`).map(({ id }) => id),
  };
}

/** The settings of destinations by their names: those that give up at once have RETRY_HOURS of 0. */
export function destinations({ port }: Receiver, ...names: readonly string[]): Environment {
  const settings: Environment = { FORWARDS: names.join(',') };
  for (const name of names) {
    const prefix = `FORWARD_${name.toUpperCase()}`;
    settings[`${prefix}_URL`] = `http://127.0.0.1:${port}/${name}`;
    settings[`${prefix}_SECRET`] = SECRET;
    settings[`${prefix}_START`] = 'beginning';
    if (name === 'crm') settings[`${prefix}_RETRY_HOURS`] = '0';
  }
  return settings;
}

/** The ids of the messages of the sender that is refused, in the order in which they are stored. */
export const refusedIds = Array.from(
  { length: REFUSED_MESSAGES },
  (_, index) => `refused-${String(index).padStart(2, '0')}`,
);

/** Stores what is forwarded, and waits until nothing of it is new to a destination. */
export async function fillAndForward(service: Service, token?: string): Promise<void> {
  await service.store(message({ message_id: 'accepted', text: 'What everyone takes' }));
  for (const id of refusedIds) await service.store(message({ message_id: id, from: REFUSED }));
  await eventually('dead letters', async () => {
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    const { data } = (await service.send({ path: '/forwards', headers })).json() as {
      data: { name: string; state: string; dead: number; waiting: number }[];
    };
    const settled = data.every(({ name, state, dead, waiting }) => {
      if (name === 'crm') return dead === REFUSED_MESSAGES;
      if (name === 'billing') return waiting === REFUSED_MESSAGES - 1;
      if (name === 'audit') return state === 'slowed';
      return name !== 'legacy' || state === 'disabled';
    });
    return settled || undefined;
  });
}
