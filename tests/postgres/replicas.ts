// Replicas of the service over one database of PostgreSQL.
import type { Cleaner } from '../support/cleanup.ts';
import { startService } from '../support/service.ts';
import type { Options, Service } from '../support/service.ts';

/** Starts a replica over the database of a URL; it is ended after the test. */
export function startReplica(t: Cleaner, url: string, options: Options = {}): Promise<Service> {
  return startService(t, { ...options, env: { DATABASE_URL: url, ...options.env } });
}

/** Starts so many replicas at once. */
export function startReplicas(
  t: Cleaner,
  url: string,
  count: number,
  options: Options = {},
): Promise<Service[]> {
  return Promise.all(Array.from({ length: count }, () => startReplica(t, url, options)));
}
