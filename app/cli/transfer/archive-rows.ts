// The lines of NDJSON that hold items of named sources, events and deliveries: how an import reads and validates them.
import * as z from 'zod';
import { parseInstant } from '../../model/instant.ts';
import { CONFLICT, conflictId } from '../../model/item.ts';
import { DEFAULT_SOURCE, SOURCE_NAME } from '../../model/source.ts';
import type { ArchivedDelivery, ArchivedEvent, ArchivedMessage } from '../../storage/archive.ts';

/** What a line holds where it is not a message of the default source. */
export type Archived =
  | { readonly kind: 'message'; readonly message: ArchivedMessage }
  | { readonly kind: 'event'; readonly event: ArchivedEvent }
  | { readonly kind: 'delivery'; readonly delivery: ArchivedDelivery };

/** A provider's id has at most 512 characters, or is a hash; the name of the source and of a conflict come to it. */
const ID_UNITS_MAX = 1_024;

const unicode = z.string('must be a string').refine((value) => value.isWellFormed(), {
  message: 'must be Unicode',
});
/** A text of a column of a named source. */
const column = unicode.refine((value) => !value.includes('\0'), 'must not have a NUL character');
/** An indexed one: no scheme makes a longer one. */
const NAME_UNITS_MAX = 256;
const shortText = column.max(NAME_UNITS_MAX, `must have at most ${NAME_UNITS_MAX} characters`);
const id = unicode
  .min(1, 'must not be empty')
  .max(ID_UNITS_MAX, `must have at most ${ID_UNITS_MAX} characters`);
const source = z.string('must be a string').regex(SOURCE_NAME, 'must be the name of a source');
const instant = z
  .string('must be a string')
  .refine((value) => parseInstant(value) !== null, 'must be a valid UTC instant');
const passed = instant.refine((value) => {
  const at = parseInstant(value);
  return at === null || at.seconds * 1_000 <= Date.now();
}, 'must be an instant that has passed');
const payload = unicode.refine(isJson, 'must be a string that holds JSON').nullable();
const content = z
  .string('must be a string')
  .regex(/^[0-9a-f]{32}$/, 'must be 32 hexadecimal digits');

const messageSchema = z
  .object({
    message_id: id.pipe(column),
    from: shortText,
    to: shortText,
    ts: instant,
    text: column.nullish().transform((text) => text ?? null),
    created_at: passed,
    source: source.refine((name) => name !== DEFAULT_SOURCE, 'must be the name of a named source'),
    kind: shortText,
    payload,
    content,
  })
  .superRefine((message, context) => {
    if (!message.message_id.startsWith(`${message.source}:`))
      context.addIssue({
        code: 'custom',
        path: ['message_id'],
        message: 'must begin with the name of its source and a colon',
      });
  });

const eventSchema = z
  .object({
    event_id: id,
    source,
    type: shortText,
    subject: unicode.nullable(),
    ts: instant,
    created_at: passed,
    payload,
    content,
  })
  .superRefine((event, context) => {
    const isNamed = event.source !== DEFAULT_SOURCE;
    if (isNamed && !event.event_id.startsWith(`${event.source}:`))
      context.addIssue({
        code: 'custom',
        path: ['event_id'],
        message: 'must begin with the name of its source and a colon',
      });
    const isConflict = event.event_id === conflictId(event.subject ?? '', event.content);
    if (!isConflict && (event.type === CONFLICT || !isNamed))
      context.addIssue({
        code: 'custom',
        path: ['event_id'],
        message: 'must be that of a conflict, with the subject and the content',
      });
  });

/** As a post has them: other names or values could end a header, or say where the body ends, in the request that forwards it. */
const headerName = z
  .string('must have texts alone')
  .regex(/^[!#$%&'*+.^_`|~0-9a-z-]+$/, 'must have names of headers, in lower case');
const headerValue = column.refine((value) => !/[\r\n]/.test(value), 'must have no line ends');

const deliverySchema = z
  .object({
    delivery: z.int('must be a whole number').min(1, 'must be above 0'),
    source: source.refine((name) => name !== DEFAULT_SOURCE, 'must be the name of a named source'),
    received_at: passed,
    headers: z.array(z.tuple([headerName, headerValue]), 'must be a list of pairs'),
    body: z.string('must be a string').refine(isBase64, 'must be Base64'),
    messages: z.array(id),
    events: z.array(id),
  })
  .superRefine((delivery, context) => {
    const ids = [...delivery.messages, ...delivery.events];
    if (ids.length === 0)
      context.addIssue({ code: 'custom', path: ['messages'], message: 'must name an item' });
    if (!ids.every((each) => each.startsWith(`${delivery.source}:`)))
      context.addIssue({
        code: 'custom',
        path: ['messages'],
        message: 'must begin with the name of the source and a colon, as events must',
      });
  });

/**
 * Returns what a line holds, or why it is not valid; null where it is no line of this kind, but that of a message of the default source: then it may have
 * keys of any other name, as a webhook's body may. Never throws.
 */
export function archivedOf(value: unknown): Archived | { readonly reason: string } | null {
  if (typeof value !== 'object' || value === null) return null;
  const has = (...names: readonly string[]): boolean => names.every((name) => name in value);
  if (has('message_id')) {
    if (!has('source', 'kind', 'content')) return null;
    const { data, error } = messageSchema.safeParse(value);
    return data === undefined ? { reason: reasonOf(error) } : { kind: 'message', message: data };
  }
  if (has('event_id')) {
    const { data, error } = eventSchema.safeParse(value);
    return data === undefined ? { reason: reasonOf(error) } : { kind: 'event', event: data };
  }
  if (!has('delivery')) return null;
  const { data, error } = deliverySchema.safeParse(value);
  if (data === undefined) return { reason: reasonOf(error) };
  const { delivery: number, received_at: receivedAt, body, ...rest } = data;
  const delivery = { number, receivedAt, body: Buffer.from(body, 'base64'), ...rest };
  return { kind: 'delivery', delivery };
}

/** Returns the first issue of each field, in one line. */
function reasonOf(error: z.ZodError): string {
  const byField = Map.groupBy(error.issues, ({ path }) => String(path[0]));
  return [...byField].map(([field, issues]) => `${field}: ${issues[0]?.message}`).join('; ');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether a text is Base64 as an export writes it: padded, and nothing else in it. */
function isBase64(text: string): boolean {
  return Buffer.from(text, 'base64').toString('base64') === text;
}
