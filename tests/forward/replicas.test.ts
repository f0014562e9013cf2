// Replicas over PostgreSQL: one forwards, and another takes over where that one is killed.
import { it } from 'node:test';
import { seeded } from '../faults/random.ts';
import { replicaKillRounds } from './replica-rounds.ts';

it('the replica that forwards is killed twice: another takes over, and everything arrives, of each sender in order', async (t) => {
  const deaths = ['forwarder', 'forwarder'] as const;
  const figures = await replicaKillRounds(t, deaths, { prefix: 'killed', random: seeded(20_262) });
  t.diagnostic(JSON.stringify(figures));
});

it('nothing is lost where the application or the database is killed', async (t) => {
  const deaths = ['receiver', 'database'] as const;
  const figures = await replicaKillRounds(t, deaths, { prefix: 'cut', random: seeded(20_263) });
  t.diagnostic(JSON.stringify(figures));
});
