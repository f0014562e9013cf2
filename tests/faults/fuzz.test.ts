// Whatever comes in: random bytes, broken requests, valid ones with something wrong; each answer fits the description, no 5xx, no crash, no broken log line, no new label.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startService } from '../support/service.ts';
import { fuzz } from './fuzz.ts';

it('thousands of generated requests do no harm', async (t) => {
  const service = await startService(t);
  const seed = Math.floor(Math.random() * 1_000_000);
  t.diagnostic(`seed ${seed}`);
  const figures = await fuzz(t, service, 10_000, seed);
  assert.ok(figures.requests > 9_000, `${figures.requests} requests were answered`);
  assert.equal((await service.stop()).code, 0);
  // Each line is parsed here: one that is no JSON object fails.
  assert.ok(service.output.requests().length >= figures.requests);
  assert.equal(service.output.stderr, '');
  t.diagnostic(JSON.stringify(figures));
});
