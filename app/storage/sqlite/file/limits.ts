// Limits that threads of several rooms share: how far the index may lag, and when a WAL is long.

/** Commits wait for the index while the lists lack more messages than this. */
export const LIST_BACKLOG_MESSAGES_MAX = 32_768;
/** Reads are refused, and the index counts as being built, while the lists lack more messages than this. */
export const TAIL_MESSAGES_MAX = 65_536;
/** Retention and prune wait while the index has more removals than this to follow. */
export const REMOVALS_AHEAD_MAX = 1_024;
/** Reads are refused while the index has more removals than this to follow. */
export const TAIL_REMOVALS_MAX = 4_096;
/** A WAL of more frames (64 MiB) is long: new searches wait until it has restarted. */
export const LONG_WAL_FRAMES = 16_384;
