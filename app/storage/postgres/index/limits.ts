// Limits of what is derived behind the commit, shared by those who fill it and those who read it.

/** Reads of lists and counts are refused while they lack more messages than this. */
export const TAIL_MESSAGES_MAX = 65_536;
/** Searches are refused while search lacks more messages than this: each of their texts is compared here. */
export const SEARCH_TAIL_MAX = 32_768;
/** The list of all messages; the other lists have the numbers of their senders. */
export const ALL = 0;
/** A list of more messages than this has segments. */
export const LIST_MESSAGES_MAX = 4_096;
/** Messages of a new segment; one is split before it has as many as LIST_MESSAGES_MAX. */
export const SEGMENT_MESSAGES = 2_048;
/** Lengths of the periods that are counted, in seconds, in ascending order. */
export const PERIODS = [60, 3_600, 86_400] as const;
/** Consecutive numbers that make a block of search. */
export const BLOCK_NUMBERS = 64;
