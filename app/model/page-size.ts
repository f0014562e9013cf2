// How many messages a page holds, and how many events are shown with one message.

export const PAGE_MESSAGES_MAX = 100;
/** Where the request does not say. */
export const PAGE_MESSAGES_DEFAULT = 50;
/** Statuses, and conflicts, that are shown with a message: the newest. */
export const EVENTS_OF_MESSAGE_MAX = 100;
