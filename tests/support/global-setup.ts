// Runs once around a whole run of the tests (`--test-global-setup`): the browser and the PostgreSQL server that its files share.
import { chromiumPath } from './chromium.ts';
import { shareServer } from './postgres.ts';

let end: (() => Promise<void>) | undefined;

/** Called by the test runner before the first file. */
export async function globalSetup(): Promise<void> {
  await chromiumPath();
  end = await shareServer();
}

/** Called by the test runner after the last file. */
export async function globalTeardown(): Promise<void> {
  await end?.();
}
