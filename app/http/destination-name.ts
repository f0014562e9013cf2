// The name of a destination in a path: what it may be, and whether there is such a destination.
import * as z from 'zod';
import { SOURCE_NAME } from '../model/source.ts';
import type { Services } from './route.ts';

/** The parameter of the path, for the description of the API. */
export const namePath = {
  name: z.string().regex(SOURCE_NAME).describe('The name of a destination.'),
};

/** Returns whether the destination is configured, or was, and something is known of it still. Rejects with StoreUnavailable. */
export async function isDestination(
  { forwards, store }: Pick<Services, 'forwards' | 'store'>,
  name: string,
): Promise<boolean> {
  if (forwards.some((one) => one.name === name)) return true;
  return (await store.forwards.statuses()).some((one) => one.name === name);
}
