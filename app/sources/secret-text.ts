// Secrets that are keys as they stand, and what is often pasted in their place.
import { UnusableSetting } from './scheme.ts';

/** How something begins that is not the secret, and what it is. */
export type Mistaken = readonly (readonly [start: RegExp, is: string])[];

/**
 * Returns the bytes of a secret as the key. Throws UnusableSetting `SECRET` where it is blank, or begins as something else does; what it
 * is follows "is" in the reason.
 */
export function literalKey(secret: Buffer, mistaken: Mistaken = []): Buffer {
  const text = secret.toString('utf8');
  if (text.trim() === '') throw new UnusableSetting('SECRET', 'is blank');
  const found = mistaken.find(([start]) => start.test(text));
  if (found !== undefined) throw new UnusableSetting('SECRET', `is ${found[1]}`);
  return secret;
}
