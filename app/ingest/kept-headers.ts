// The headers that are kept with a delivery: a list of each scheme, so that credentials of proxies and callers are not stored.
import type { Delivery } from '../model/item.ts';
import type { Post } from '../sources/scheme.ts';

/** Kept whatever the scheme: how to read the body, and who sent it. */
const ALWAYS: readonly string[] = ['content-type', 'content-encoding', 'user-agent'];
const VALUE_UNITS_MAX = 4_096;

/** Returns the headers on the list `names`, in the order of the post, each cut to a bound. A name that ends in `-` stands for all that begin with it. */
export function keptHeaders(
  headers: Post['headers'],
  names: readonly string[],
): Delivery['headers'] {
  const kept = (header: string): boolean =>
    ALWAYS.includes(header) ||
    names.some((name) => (name.endsWith('-') ? header.startsWith(name) : header === name));
  return Object.entries(headers).flatMap(([header, value]) =>
    value === undefined || !kept(header)
      ? []
      : [[header, [value].flat().join(', ').slice(0, VALUE_UNITS_MAX)] as const],
  );
}
