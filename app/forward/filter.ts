// Which entries a destination wants, and which of them must stay in order.
import type { ForwardSettings } from '../model/forward.ts';
import type { ForwardEntry } from '../storage/store.ts';

/** The conversation of everything, where all is sent in order. */
export const ONE = '*';

/** Returns whether the destination wants the entry. */
export function isWanted(
  { sources, types }: Pick<ForwardSettings, 'sources' | 'types'>,
  { source, type }: ForwardEntry,
): boolean {
  if (sources !== null && !sources.includes(source)) return false;
  return types === null || types.some((pattern) => matches(pattern, type));
}

/** `message` stands for messages of every kind, and so does `message.*`. */
function matches(pattern: string, type: string): boolean {
  if (pattern.endsWith('*')) return type.startsWith(pattern.slice(0, -1));
  return pattern === type || (pattern === 'message' && type.startsWith('message.'));
}

/** Returns the conversation of an entry: those of one are sent one after another. Null where it has none. */
export function conversationOf(
  { order }: Pick<ForwardSettings, 'order'>,
  { source, party }: ForwardEntry,
): string | null {
  if (order === 'strict') return ONE;
  return order === 'none' || party === null ? null : `${source} ${party}`;
}
