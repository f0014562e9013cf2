// A plain client of PostgreSQL for tests: it survives that its server goes, and is closed after the test.
import type { Client } from 'pg';
import type { Cleaner } from '../support/cleanup.ts';
import { plainClient } from '../support/postgres.ts';

/** Connects to a database. A connection that breaks rejects what runs on it, and nothing else. */
export async function connectTo(t: Cleaner, url: string): Promise<Client> {
  const client = plainClient(url);
  await client.connect();
  t.after(async () => {
    await client.end().catch(() => undefined);
  });
  return client;
}
