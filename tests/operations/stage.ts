// What a scene of the alerts is, and how one is played: a real service, scraped from its healthy beginning to its healthy end.
import type { TestContext } from 'node:test';
import { temporaryDirectory } from '../support/cleanup.ts';
import { message } from '../support/message.ts';
import type { Options, Service } from '../support/service.ts';
import { startService } from '../support/service.ts';
import type { Recording } from './recording.ts';

/** Steps after which nothing that went on before is in the range of any rule: over an hour. */
const LONG_STEPS = 250;

/** One recording from its healthy beginning to its healthy end. */
export interface Scene {
  readonly fault: string;
  /** The alerts that fire at some time in it; no other one does. */
  readonly fires: readonly string[];
  /** The reason that those of them name that speak of 503. */
  readonly reason?: string;
  /** What is not recorded, where the recording is long. */
  readonly leftOut?: RegExp;
  /** Settings and surroundings of the service; a reason where they cannot be had on this machine. */
  readonly options?: (t: TestContext) => Options | { reason: string } | Promise<Options>;
  /** Causes the fault, and ends it. Returns the service that runs afterwards, where it is another one. */
  readonly play: (stage: Stage) => Promise<Service | undefined> | Promise<void>;
}

interface Stage {
  readonly t: TestContext;
  readonly service: Service;
  readonly recording: Recording;
}

/** Scrapes a healthy service, plays the scene, and scrapes on until it is forgotten. Returns the second of the fault. */
export async function perform(t: TestContext, recording: Recording, scene: Scene): Promise<number> {
  const options = (await scene.options?.(t)) ?? {};
  if ('reason' in options) throw new Unplayable(options.reason);
  const service = await startService(t, { directory: temporaryDirectory(t), ...options });
  await recording.scrape(service);
  await post(service, 3);
  await recording.scrape(service);
  recording.hold(20);
  const from = recording.seconds;
  const after = (await scene.play({ t, service, recording })) ?? service;
  await recording.scrape(after);
  recording.hold(LONG_STEPS);
  return from;
}

/** What a scene needs is not there on this machine. */
export class Unplayable extends Error {
  override readonly name = 'Unplayable';
}

/** Posts so many messages at once. Returns the statuses. */
export async function post(service: Service, count: number): Promise<number[]> {
  const answers = await Promise.all(Array.from({ length: count }, () => service.post(message())));
  return answers.map(({ status }) => status);
}

/** Kills the service and starts another on its file. */
export async function again(t: TestContext, service: Service): Promise<Service> {
  await service.stop('SIGKILL');
  return await startService(t, { directory: service.directory });
}
