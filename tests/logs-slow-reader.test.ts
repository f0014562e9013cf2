// A collector of the log that is slow: it holds nothing up, and no line is lost, torn or out of its place at the end.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pipeline } from './support/pipeline.ts';
import { startService } from './support/service.ts';
import { head } from './support/wire.ts';

const ROUNDS = 30;
const REQUESTS_A_ROUND = 200;

it('lines that wait when the service is stopped are all written, and `stopped` comes last', async (t) => {
  const service = await startService(t);
  service.output.pause();
  const pipeline = new Pipeline(t, service.port);
  const requests = Array.from({ length: REQUESTS_A_ROUND }, () =>
    head('GET', `/${'x'.repeat(300)}`),
  );
  for (let round = 0; round < ROUNDS; round += 1) await pipeline.send(requests);
  service.signal('SIGTERM');
  // Long enough for all but the log to be finished.
  await sleep(1_000);
  service.output.resume();
  assert.deepEqual(await service.exit(), { code: 0, signal: null });
  assert.equal(service.output.requests().length, ROUNDS * REQUESTS_A_ROUND);
  assert.equal(service.output.lines().at(-1)?.event, 'stopped');
  assert.equal(service.output.unfinished, '');
  assert.equal(service.output.stderr, '');
});
