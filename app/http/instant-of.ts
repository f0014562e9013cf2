// Instants as they are sent.

/** Returns milliseconds since 1970 as ISO-8601; null for null. */
export function instantOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
