// Oncebox is killed again and again while it forwards to a receiver that misbehaves: nothing is lost, and repeats are bounded.
import { it } from 'node:test';
import { seeded } from '../faults/random.ts';
import { forwardKillRounds } from './kill-rounds.ts';

const SEED = 20_261;

it('everything arrives, of each sender in order, although some attempts fail', async (t) => {
  const figures = await forwardKillRounds(t, {
    rounds: 8,
    items: 1_500,
    random: seeded(SEED),
    failing: 'once',
  });
  t.diagnostic(JSON.stringify(figures));
});

it('dead letters are what never could succeed, although the receiver is killed as well', async (t) => {
  const figures = await forwardKillRounds(t, {
    rounds: 8,
    items: 1_500,
    random: seeded(SEED + 1),
    failing: 'dead',
  });
  t.diagnostic(JSON.stringify(figures));
});
