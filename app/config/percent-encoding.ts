// Parts of a URL as they are meant.
import { ConfigError } from './config-error.ts';

/** Returns the part of the URL that `name` holds, decoded. Throws ConfigError, which does not repeat it: it may be a password. */
export function decoded(name: string, part: string): string {
  try {
    const text = decodeURIComponent(part);
    if (!text.includes('\0')) return text;
  } catch {
    // It is reported below.
  }
  throw new ConfigError(`${name} has a part that is not percent-encoded UTF-8`);
}
