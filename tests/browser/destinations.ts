// Destinations for the tests of the dashboard and for its pictures: one in each state.
import { type Application, destinations, startApplication } from '../support/application.ts';
import { eventually } from '../support/bounded.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { message } from '../support/message.ts';
import type { Environment, Service } from '../support/service.ts';

/** The sender that the applications `crm` and `billing` refuse. */
const REFUSED = '+4915112345678';
const REFUSED_MESSAGES = 60;

const refusing = (body: string): number => (body.includes(REFUSED) ? 422 : 200);
/** What each application answers. */
const ANSWERS = {
  app: () => 200,
  crm: refusing,
  billing: refusing,
  audit: () => 503,
  legacy: () => 410,
  former: () => 200,
} as const satisfies Readonly<Record<string, Application['answer']>>;
type Name = keyof typeof ANSWERS;
export type Applications = Readonly<Partial<Record<Name, Application>>>;

/** Starts the applications with these names; they are ended after the tests. */
export async function startApplications(
  t: Cleaner,
  ...names: readonly Name[]
): Promise<Applications> {
  const started = names.map(async (name) => {
    const application = await startApplication(t);
    application.answer = ANSWERS[name];
    return [name, application] as const;
  });
  return Object.fromEntries(await Promise.all(started));
}

/** The settings of destinations that are these applications. All but `crm` try again for as long as they do by default. */
export function settingsOf(applications: Applications): Environment {
  const entries = Object.entries(applications);
  return destinations(
    Object.fromEntries(entries.map(([name, { port }]) => [name, `http://127.0.0.1:${port}/in`])),
    Object.fromEntries(
      entries.filter(([name]) => name !== 'crm').map(([name]) => [name, { RETRY_HOURS: '72' }]),
    ),
  );
}

/** The ids of the messages of the sender that is refused, in the order in which they are stored. */
export const refusedIds = Array.from(
  { length: REFUSED_MESSAGES },
  (_, index) => `refused-${String(index).padStart(2, '0')}`,
);

/** The id of the message that is accepted everywhere, and stored after one that is refused. */
export function acceptedAfter(id: string): string {
  return id.replace('refused', 'accepted');
}

/** Stores what is forwarded, and waits until nothing of it is new to a destination. */
export async function fillAndForward(service: Service, token?: string): Promise<void> {
  // What is accepted in between shows that it is the item that is refused: an application that refuses everything is slowed.
  for (const id of refusedIds)
    await service.store(
      message({ message_id: id, from: REFUSED }),
      message({ message_id: acceptedAfter(id), text: 'What everyone takes' }),
    );
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
