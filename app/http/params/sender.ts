// The sender of a message in a query string.
import * as z from 'zod';

/**
 * Returns the schema of a sender. A raw `+` in a URL decodes to a space, and no sender begins with one:
 * `?from=+9198…` means the same as `?from=%2B9198…`.
 */
export function sender() {
  return z
    .string()
    .overwrite((text) => text.replace(/^ /, '+'))
    .meta({ example: '+919876543210' });
}
