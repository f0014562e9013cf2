// GET /messages: a page of the ordered list, filtered.
import type { Store } from '../../storage/store.ts';
import { linkHeader } from '../../query/links.ts';
import { parseMessageQuery } from '../../query/parameters.ts';
import type { Exchange } from '../exchange.ts';
import { invalid, pageReply } from '../replies.ts';

/** `basePath` begins the addresses in the Link header, whether or not a proxy has stripped it from this request. */
export async function messages(exchange: Exchange, store: Store, basePath: string): Promise<void> {
  const parsed = parseMessageQuery(exchange.target.queryString);
  if ('faults' in parsed) {
    exchange.send(invalid(parsed.faults));
    return;
  }
  const page = await store.page(parsed.query);
  exchange.send(
    pageReply(
      page,
      parsed.query,
      linkHeader(`${basePath}/messages`, exchange.target.queryString, page),
    ),
  );
}
