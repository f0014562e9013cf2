// What is stored under the ids of a batch that were there before it: an item is compared with that.
import type { Storable } from '../../conflict.ts';
import { byteaArray } from '../database/arrays.ts';
import type { Session } from '../database/session.ts';
import type { Batch } from './batch.ts';

/** What tells whether two items with the same id are the same: a content, or the fields of a message of the default source. */
interface Content {
  readonly content: string | null;
  readonly from?: string;
  readonly to?: string;
  readonly ts?: string;
  readonly text?: string | null;
}

const MESSAGES = `SELECT m.message_id, m.from_msisdn, m.to_msisdn, m.ts, m.text, o.content
  FROM messages m LEFT JOIN origins o USING (message_id) WHERE m.message_id = ANY($1::bytea[])`;
const EVENTS = 'SELECT event_id, content FROM events WHERE event_id = ANY($1::bytea[])';

type Row = readonly [
  id: Buffer,
  from: string,
  to: string,
  ts: string,
  text: Buffer | null,
  content: string | null,
];

/**
 * Reads what is stored under the ids of the batch that were there before. Returns whether an item is equal to the one at the index `first`,
 * where that is new, or else to what is stored; of one that is removed nothing is known but the id, so all are equal to it. Rejects with
 * what the client throws.
 */
export async function readStored(
  session: Session,
  { items, first }: Batch,
  created: ReadonlySet<number>,
  gone: ReadonlySet<number>,
): Promise<(item: Storable, first: number) => boolean> {
  const messageIds: string[] = [];
  const eventIds: string[] = [];
  for (const [index, item] of items.entries()) {
    if (first[index] !== index || created.has(index) || gone.has(index)) continue;
    if ('event_id' in item) eventIds.push(item.event_id);
    else messageIds.push(item.message_id);
  }
  const messages = new Map<string, Content>();
  const events = new Map<string, Content>();
  if (messageIds.length > 0)
    for (const [id, from, to, ts, text, content] of await session.rows<Row>(MESSAGES, [
      idsOf(messageIds),
    ]))
      messages.set(id.toString(), { from, to, ts, text: text?.toString() ?? null, content });
  if (eventIds.length > 0)
    for (const [id, content] of await session.rows<[Buffer, string]>(EVENTS, [idsOf(eventIds)]))
      events.set(id.toString(), { content });
  return (item, index) => {
    const other = items[index];
    if (created.has(index) && other !== undefined)
      return isEqual({ ...other, content: contentOf(other) }, item);
    const known = 'event_id' in item ? events.get(item.event_id) : messages.get(item.message_id);
    return known === undefined || isEqual(known, item);
  };
}

function idsOf(ids: readonly string[]): Buffer {
  return byteaArray(ids.map((id) => Buffer.from(id)));
}

function isEqual(known: Content, item: Storable): boolean {
  const content = contentOf(item);
  if (content !== null || known.content !== null || 'event_id' in item)
    return content === known.content;
  const { from, to, ts, text } = item;
  return known.from === from && known.to === to && known.ts === ts && known.text === text;
}

/** Null: a message of the default source. */
function contentOf(item: Storable): string | null {
  return 'content' in item ? item.content : null;
}
