// A plain client of PostgreSQL for tests: it survives that its server goes, and is closed after the test.
import { Client } from 'pg';
import type { Cleaner } from '../support/cleanup.ts';

/** Connects to a database. A connection that breaks rejects what runs on it, and nothing else. */
export async function connectTo(t: Cleaner, url: string): Promise<Client> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  await client.connect();
  t.after(async () => {
    await client.end().catch(() => undefined);
  });
  return client;
}
