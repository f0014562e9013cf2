// Whatever comes in: random bytes, broken requests, valid ones with something wrong; no 5xx, no crash, no broken log line, no new label.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startService } from '../support/service.ts';
import { fuzz } from './fuzz.ts';

it('thousands of generated requests do no harm', async (t) => {
  const service = await startService(t);
  const { requests, statuses } = await fuzz(t, service, 10_000);
  assert.ok(requests > 8_000, `${requests} requests were counted`);
  assert.equal((await service.stop()).code, 0);
  // Each line is parsed here: one that is no JSON object fails.
  assert.ok(service.output.lines().length >= requests);
  assert.equal(service.output.stderr, '');
  t.diagnostic(JSON.stringify({ requests, statuses }));
});
