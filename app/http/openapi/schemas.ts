// The bodies of requests and responses, as schemas: the description of the API and the types of the dashboard come from here.
import * as z from 'zod';
import { INSTANT, messageSchema, storedMessageSchema } from '../../model/message.ts';
import { EVENTS_OF_MESSAGE_MAX, PAGE_MESSAGES_MAX } from '../../model/page-size.ts';
import { SCHEMES } from '../../model/source.ts';
import { TIMELINE_BUCKETS_MAX, TIMELINE_STEPS } from '../../model/timeline.ts';
import { components } from './json-schema.ts';

const count = z.int().min(0);
const instant = z.string().meta(INSTANT);

/** The body of `POST /webhook`. */
export const message = messageSchema.register(components, { name: 'message' });

export const stored = z
  .strictObject({ status: z.literal('ok') })
  .register(components, { name: 'stored' });

export const page = z
  .strictObject({
    data: z.array(z.strictObject(storedMessageSchema.shape)).max(PAGE_MESSAGES_MAX),
    total: count.meta({ description: 'All messages that match, also on a page past the end.' }),
    limit: z.int().min(1).max(PAGE_MESSAGES_MAX),
    offset: count,
  })
  .register(components, { name: 'page' });

/** Where an item came from, and when. */
const stamped = {
  seq: z
    .int()
    .min(1)
    .meta({ description: 'Its number in the order of commit; messages and events share them.' }),
  received_at: z
    .string()
    .meta({ description: 'When it arrived.', example: '2025-01-15T10:00:01.123Z' }),
};
const delivery = z.int().min(1).nullable().meta({
  description:
    'The number of the post that it came with, for `GET /delivery`; null where none is kept.',
});
const payload = z.unknown().meta({
  description:
    'The item as its provider wrote it: order of keys, escapes and large numbers are kept. Null where it could not be parsed.',
});
const sourceName = z.string().meta({ description: 'The name of its source.', example: 'whatsapp' });

const listedEvent = {
  event_id: z.string().meta({ minLength: 1, example: 'whatsapp:wamid.HBgMOTE5ODc2NTQzMjEw:read' }),
  source: sourceName,
  type: z.string().meta({
    description: 'The type of its provider, or `status`, `unparsed` or `conflict`.',
    example: 'status',
  }),
  subject: z.string().nullable().meta({
    description: 'The id of the message or event that it is about; null where it is about none.',
  }),
  ts: instant,
};

/** An event as it is listed. */
const event = z
  .strictObject({ ...listedEvent, ...stamped })
  .register(components, { name: 'event' });

export const eventPage = z
  .strictObject({
    data: z.array(event).max(PAGE_MESSAGES_MAX),
    limit: z.int().min(1).max(PAGE_MESSAGES_MAX),
  })
  .register(components, { name: 'eventPage' });

export const eventDetail = z
  .strictObject({ ...listedEvent, ...stamped, delivery, payload })
  .register(components, { name: 'eventDetail' });

const knownEvents = z.array(eventDetail).max(EVENTS_OF_MESSAGE_MAX);

export const messageDetail = z
  .strictObject({
    ...storedMessageSchema.shape,
    source: sourceName,
    kind: z.string().nullable().meta({
      description: "The provider's type, such as `image`; null for the default source.",
      example: 'image',
    }),
    ...stamped,
    delivery,
    payload: payload.meta({ description: 'As of an event; null for the default source.' }),
    statuses: knownEvents.meta({ description: 'What became of it, as its provider reported.' }),
    conflicts: knownEvents.meta({ description: 'Other content that came under its id.' }),
  })
  .register(components, { name: 'messageDetail' });

/** Bytes. */
export const deliveryBody = z.string().meta({ contentMediaType: 'application/octet-stream' });

export const deliveryHeaders = z
  .strictObject({
    source: sourceName,
    received_at: stamped.received_at,
    headers: z.array(z.tuple([z.string(), z.string()])).meta({
      description: 'Name in lower case, and value, of each header that is kept, as they came.',
    }),
  })
  .register(components, { name: 'deliveryHeaders' });

const seenAt = z.string().nullable();

export const sources = z
  .strictObject({
    data: z.array(
      z.strictObject({
        source: sourceName,
        scheme: z.enum(SCHEMES).nullable().meta({ description: 'Null: not configured any more.' }),
        path: z
          .string()
          .nullable()
          .meta({ description: 'Where its posts go, on this host.', example: '/webhook/whatsapp' }),
        previous_secret: z
          .boolean()
          .meta({ description: 'Whether a previous secret is accepted too.' }),
        messages: count,
        events: count,
        deliveries: count,
        last_received_at: seenAt.meta({ description: 'When its newest stored item arrived.' }),
        last_delivery: seenAt.meta({
          description:
            'When a post was last accepted, a duplicate too; null for the default source.',
        }),
        last_failure: z
          .strictObject({
            at: z.string(),
            reason: z.string().meta({
              description:
                'A code of the reference of errors, or why the signature is not valid: `missing`, `malformed`, `mismatch` or `timestamp`.',
              example: 'mismatch',
            }),
            hint: z.string().nullable(),
          })
          .nullable()
          .meta({ description: 'The last post that was refused, and why.' }),
        previous_secret_last_used: seenAt.meta({
          description: 'When a post was last signed with the previous secret.',
        }),
      }),
    ),
  })
  .register(components, { name: 'sources' });

export const stats = z
  .strictObject({
    total_messages: count,
    senders_count: count,
    messages_per_sender: z
      .array(z.strictObject({ from: storedMessageSchema.shape.from, count: z.int().min(1) }))
      .max(10)
      .meta({ description: 'The senders of most messages, most first, then by number.' }),
    first_message_ts: instant.nullable(),
    last_message_ts: instant.nullable(),
  })
  .register(components, { name: 'stats' });

export const timeline = z
  .strictObject({
    from: instant.meta({ ...INSTANT, description: 'Where the first bucket begins.' }),
    to: instant.meta({ ...INSTANT, description: 'Where the last bucket ends; not part of it.' }),
    step: z.literal(TIMELINE_STEPS).meta({ description: 'Length of a bucket in seconds.' }),
    counts: z.array(count).max(TIMELINE_BUCKETS_MAX).meta({ description: 'One count a bucket.' }),
  })
  .register(components, { name: 'timeline' });

export const live = z
  .strictObject({ status: z.literal('live') })
  .register(components, { name: 'live' });

const checks = z.strictObject({
  secret: z.string(),
  store: z.string(),
  schema: z.string(),
  writer: z.string(),
  disk: z.string(),
});

export const ready = z
  .strictObject({ status: z.literal('ready'), checks })
  .register(components, { name: 'ready' });

export const notReady = z
  .strictObject({ detail: z.string(), status: z.literal('not ready'), checks })
  .register(components, { name: 'notReady' });

export const problem = z
  .strictObject({ detail: z.string() })
  .register(components, { name: 'problem' });

export const validationError = z
  .strictObject({
    detail: z.array(
      z.strictObject({
        type: z.string().meta({ example: 'missing' }),
        loc: z.array(z.union([z.string(), z.int()])).meta({ example: ['body', 'from'] }),
        msg: z.string().meta({ example: 'Field required' }),
        input: z.unknown().meta({ description: 'What was sent, cut to a bound.' }),
      }),
    ),
  })
  .register(components, { name: 'validationError' });
