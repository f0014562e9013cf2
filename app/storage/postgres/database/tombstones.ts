// Tombstones in SQL, as `tombstoneOf` and `eventTombstoneOf` make them.

/** SQL for the tombstone of a message, of the bytes of its id. */
export function messageTombstone(id: string): string {
  return `substring(sha256(${id}) FOR 16)`;
}

/** SQL for the tombstone of an event likewise. */
export function eventTombstone(id: string): string {
  return `substring(sha256('\\xff'::bytea || ${id}) FOR 16)`;
}
