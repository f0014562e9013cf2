// How many messages a page holds.

export const PAGE_MESSAGES_MAX = 100;
/** Where the request does not say. */
export const PAGE_MESSAGES_DEFAULT = 50;
