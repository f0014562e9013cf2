// Chunks of rows that are bounded in number and in size: payloads and bodies may be large.

/** Bytes in one chunk; one row may have more. */
const CHUNK_BYTES = 4 * 1_048_576;

/**
 * SQL for the first rows of a query that has columns `place`, by which they are ordered, and `size` in bytes: as many as fit into `bytesMax`, but
 * at least one. A row has two more columns than the query.
 */
export function firstRows(query: string, bytesMax = CHUNK_BYTES): string {
  return `SELECT * FROM (
      SELECT r.*, (sum(r.size) OVER (ORDER BY r.place ROWS UNBOUNDED PRECEDING) - r.size)::int8 AS before FROM (${query}) r
    ) c WHERE before < ${bytesMax} ORDER BY place`;
}
