// PostgreSQL keeps the contract of a store at every isolation of its appends: the way that other servers of its protocol may force.
import { postgresEngine } from './postgres.ts';
import { WRITES, contract } from './suite.ts';

for (const isolation of ['REPEATABLE READ', 'SERIALIZABLE'] as const)
  contract(`PostgreSQL at ${isolation}`, (t) => postgresEngine(t, isolation), WRITES);
