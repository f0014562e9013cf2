// The bodies of requests and responses about forwarding, as schemas.
import * as z from 'zod';
import { FORWARD_MODES, FORWARD_ORDERS } from '../../model/forward.ts';
import { INSTANT, messageSchema } from '../../model/message.ts';
import { PAGE_MESSAGES_MAX } from '../../model/page-size.ts';
import { DEFAULT_SOURCE, SOURCE_NAME } from '../../model/source.ts';
import { components } from './json-schema.ts';

/** Dead letters that one request may name. */
const IDS_MAX = 1_000;

const count = z.int().min(0);
const at = z.string().nullable();
const destinationName = z.string().meta({ description: 'The name in `FORWARDS`.', example: 'app' });
const seq = z.int().min(1).meta({ description: 'Its number in the order of commit.' });
const error = z
  .string()
  .nullable()
  .meta({ description: 'Why the last attempt failed.', example: 'it answers 500' });

const destination = z.strictObject({
  name: destinationName,
  mode: z.enum(FORWARD_MODES).nullable().meta({ description: 'Null: not configured any more.' }),
  order: z.enum(FORWARD_ORDERS).nullable(),
  url: z.string().nullable().meta({
    description: 'Where it is, without user, password, values of the query and fragment.',
    example: 'https://app.example.com/inbox',
  }),
  state: z.enum(['running', 'slowed', 'disabled', 'removed']).meta({
    description:
      '`slowed`: everything fails, and single probes are sent until one succeeds; `disabled`: it answered 410, until the next ' +
      'start; `removed`: it is not configured any more.',
  }),
  reason: z.string().nullable().meta({ description: 'Why it does not run; null where it does.' }),
  position: count.meta({
    description: 'Everything up to this number is finished, is unfinished, or was not wanted.',
  }),
  last_seq: count.meta({ description: 'The last number so far.' }),
  behind: count.meta({
    description:
      'What is not finished yet: numbers after `position`, also of items that it does not want, and what is attempted again or waits.',
  }),
  oldest_unfinished: at.meta({
    description: 'When the oldest item arrived that is neither finished nor dead.',
  }),
  retrying: count.meta({ description: 'Items that are attempted again.' }),
  waiting: count.meta({ description: 'Items that wait for another of their conversation.' }),
  dead: count.meta({ description: 'Dead letters.' }),
  delivered: count.meta({ description: 'Attempts that succeeded.' }),
  rate_per_second: z
    .number()
    .min(0)
    .meta({ description: 'Attempts that succeeded, a second, over the last minute.' }),
  last_error: error,
  last_error_at: at,
});

export const destinations = z
  .strictObject({ data: z.array(destination) })
  .register(components, { name: 'destinations' });

const deadLetter = z.strictObject({
  id: z.string().meta({
    description: 'The `message_id` or `event_id`; `delivery:` and its number in mode `raw`.',
    example: 'whatsapp:wamid.HBgMOTE5ODc2NTQzMjEw',
  }),
  seq,
  source: z.string(),
  type: z.string().meta({
    description: '`message`, `message.` and a kind, `event.` and a type, or `delivery`.',
    example: 'message.text',
  }),
  party: z.string().nullable().meta({
    description: 'The sender of a message, or what an event is about; null where there is none.',
  }),
  attempts: count,
  first_attempt_at: at,
  last_attempt_at: at,
  error,
});

export const deadPage = z
  .strictObject({
    data: z.array(deadLetter).max(PAGE_MESSAGES_MAX),
    next_cursor: z
      .string()
      .nullable()
      .meta({ description: 'The `cursor` of the next page; null at the end.' }),
  })
  .register(components, { name: 'deadPage' });

export const attempts = z
  .strictObject({
    data: z.array(
      z.strictObject({
        name: destinationName,
        state: z.enum(['delivered', 'pending', 'retry', 'waiting', 'dead', 'discarded']).meta({
          description:
            '`pending`: not attempted yet; `waiting`: for another of its conversation; `discarded`: a dead letter that was discarded.',
        }),
        attempts: count.meta({
          description: 'Attempts that failed; those of an item that was delivered are not kept.',
        }),
        first_attempt_at: at,
        last_attempt_at: at,
        next_attempt_at: at,
        error,
      }),
    ),
  })
  .register(components, { name: 'attempts' });

const ONE_OF_BOTH = 'Input should have either ids, or all: true';

/** The body of `POST /forwards/{name}/retry` and `/discard`. */
export const deadSelection = z
  .strictObject({
    ids: z
      .array(z.string({ error: 'Input should be an id' }), {
        error: `Input should be a list of 1 to ${IDS_MAX} ids`,
      })
      .min(1, `Input should be a list of 1 to ${IDS_MAX} ids`)
      .max(IDS_MAX, `Input should be a list of 1 to ${IDS_MAX} ids`)
      .optional()
      .meta({ description: 'Those with these ids; what is no dead letter is left out.' }),
    all: z
      .literal(true, { error: 'Input should be true' })
      .optional()
      .meta({ description: 'All of the destination.' }),
  })
  .refine(({ ids, all }) => (ids === undefined) !== (all === undefined), ONE_OF_BOTH)
  .meta({ description: 'Either `ids` or `all`.' })
  .register(components, { name: 'deadSelection' });

export const retried = z
  .strictObject({ retried: count.meta({ description: 'Dead letters that are attempted again.' }) })
  .register(components, { name: 'retried' });

export const discarded = z
  .strictObject({ discarded: count.meta({ description: 'Dead letters that were discarded.' }) })
  .register(components, { name: 'discarded' });

/** A number, or an instant of receipt. */
const place = z.union([z.int().min(1), messageSchema.shape.ts.meta(INSTANT)], {
  error: `Input should be a number from 1, or an instant such as ${INSTANT.example}`,
});

/** The body of `POST /forwards/{name}/replay`. */
export const replaySelection = z
  .strictObject({
    from: place.meta({
      description: 'The first number; or an instant: what was received then and later.',
    }),
    to: place
      .optional()
      .meta({ description: 'The last number, or an instant, both included; unset: up to now.' }),
    source: z
      .string({ error: 'Input should be the name of a source' })
      .regex(SOURCE_NAME, 'Input should be the name of a source')
      .optional()
      .meta({
        description: `Only of this source; \`${DEFAULT_SOURCE}\` too.`,
        example: 'whatsapp',
      }),
  })
  .register(components, { name: 'replaySelection' });

export const replayed = z
  .strictObject({
    replayed: count.meta({ description: 'Items that are sent again.' }),
    next: z.int().min(1).nullable().meta({
      description: 'Where to go on, as `from` of the next request; null: the selection is done.',
    }),
  })
  .register(components, { name: 'replayed' });
