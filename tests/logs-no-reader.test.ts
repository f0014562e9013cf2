// A reader of the log that never reads again: the process ends nevertheless, with the code that it should have.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mutant } from './faults/mutant.ts';
import type { Cleaner } from './support/cleanup.ts';
import { message } from './support/message.ts';
import { Pipeline } from './support/pipeline.ts';
import { startService } from './support/service.ts';
import type { Exit, Options, Service } from './support/service.ts';
import { head } from './support/wire.ts';

/** Many times what a pipe and the streams at both of its ends hold. */
const ROUNDS = 10;
const REQUESTS_A_ROUND = 200;

async function unread(t: Cleaner, options: Options = {}): Promise<Service> {
  const service = await startService(t, options);
  service.output.pause();
  const pipeline = new Pipeline(t, service.port);
  const requests = Array.from({ length: REQUESTS_A_ROUND }, () =>
    head('GET', `/${'x'.repeat(300)}`),
  );
  for (let round = 0; round < ROUNDS; round += 1) await pipeline.send(requests);
  return service;
}

/** The end of the process, not of its output: nobody reads that to its end. */
async function end(service: Service, signal: NodeJS.Signals): Promise<Exit> {
  service.signal(signal);
  return await service.end();
}

describe('a log that nobody reads any more does not keep the process', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`from stopping on ${signal}`, async (t) => {
      assert.deepEqual(await end(await unread(t), signal), { code: 0, signal: null });
    });
  }

  it('from ending when it crashes', async (t) => {
    const before = 'events.listening(service.url);';
    const crashing = `${before} process.on('SIGUSR2', () => { throw new Error('a bug'); });`;
    const main = mutant(t, 'main.ts', before, crashing);
    assert.deepEqual(await end(await unread(t, { main }), 'SIGUSR2'), { code: 1, signal: null });
  });

  it('from serving and stopping when the reader is gone', async (t) => {
    const service = await startService(t);
    service.output.close();
    await service.store(message());
    assert.equal((await service.page()).total, 1);
    assert.deepEqual(await end(service, 'SIGTERM'), { code: 0, signal: null });
  });
});
