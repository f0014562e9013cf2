// The bodies of requests and responses, as schemas: the description of the API and the types of the dashboard come from here.
import * as z from 'zod';
import { INSTANT, messageSchema, storedMessageSchema } from '../../model/message.ts';
import { PAGE_MESSAGES_MAX } from '../../model/page-size.ts';
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
