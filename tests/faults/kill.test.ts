// kill -9 at random moments, under load and while starting: what was acknowledged is there once, and all counts agree.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { killRounds } from './kill-rounds.ts';

it('the service is killed again and again: every acknowledged message is there, once', async (t) => {
  const figures = await killRounds(t, { rounds: 6, load: { msMax: 800 }, life: 'short' });
  assert.equal(figures.kills, 6);
  assert.ok(figures.deliveries > 0);
  t.diagnostic(JSON.stringify(figures));
});
