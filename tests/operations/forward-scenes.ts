// Faults of an application that is forwarded to, each with the alerts that it must set off.
import assert from 'node:assert/strict';
import { type Application, destinations, startApplication } from '../support/application.ts';
import { eventually } from '../support/bounded.ts';
import { execute } from '../support/database.ts';
import { message } from '../support/message.ts';
import type { Service } from '../support/service.ts';
import type { Recording } from './recording.ts';
import { type Scene, again } from './stage.ts';

const applications = new WeakMap<object, Application>();

/** A scene whose service forwards to an application, which is healthy at first; `retryHours`: until an item is given up. */
function scene(
  { fault, fires }: Pick<Scene, 'fault' | 'fires'>,
  retryHours: number,
  play: (
    stage: Parameters<Scene['play']>[0] & { application: Application },
  ) => Promise<Service | undefined>,
): Scene {
  return {
    fault,
    fires,
    options: async (t) => {
      const application = await startApplication(t);
      applications.set(t, application);
      const url = `http://127.0.0.1:${application.port}/`;
      return { env: destinations({ app: url }, { app: { RETRY_HOURS: String(retryHours) } }) };
    },
    play: async (stage) => {
      const application = applications.get(stage.t);
      assert.ok(application);
      await until(stage.service, FINISHED);
      return await play({ ...stage, application });
    },
  };
}

/** Scrapes until a gauge is what it should be; only that last scrape is recorded. */
async function scrapeWhen(
  { service, recording }: { service: Service; recording: Recording },
  line: string,
): Promise<void> {
  await until(service, line);
  await recording.scrape(service);
}

async function until(service: Service, line: string): Promise<void> {
  await eventually(line, async () =>
    (await service.get('/metrics')).text.includes(`\n${line}\n`) ? true : undefined,
  );
}

const FINISHED = 'oncebox_forward_behind{destination="app"} 0';

export const FORWARD_SCENES: readonly Scene[] = [
  scene(
    {
      fault: 'an application is down, and an item waits that is an hour old',
      fires: ['OnceboxForwardBehind'],
    },
    72,
    async ({ service, recording, application }) => {
      application.answer = () => 503;
      await service.store(message());
      execute(service.databasePath, `UPDATE messages SET created_at = '2026-01-01T00:00:00.000Z'`);
      await scrapeWhen(
        { service, recording },
        'oncebox_forward_state{destination="app",state="slowed"} 1',
      );
      recording.hold(30);
      application.answer = () => 200;
      await scrapeWhen({ service, recording }, FINISHED);
      return undefined;
    },
  ),
  scene(
    {
      fault: 'an application answers 410, and gets nothing until the next start',
      fires: ['OnceboxForwardDisabled'],
    },
    72,
    async ({ t, service, recording, application }) => {
      application.answer = () => 410;
      await service.store(message());
      await scrapeWhen(
        { service, recording },
        'oncebox_forward_state{destination="app",state="disabled"} 1',
      );
      recording.hold(8);
      return await again(t, service);
    },
  ),
  scene(
    { fault: 'an application never takes an item', fires: ['OnceboxForwardDeadLetters'] },
    0,
    async ({ t, service, recording, application }) => {
      application.answer = () => 422;
      await service.store(message());
      await scrapeWhen({ service, recording }, 'oncebox_forward_dead{destination="app"} 1');
      recording.hold(8);
      return await again(t, service);
    },
  ),
];
