// A message: its fields, their rules, and the one schema that types, checks and describes them.
import * as z from 'zod';
import { parseInstant } from './instant.ts';

const MESSAGE_ID_LENGTH_MAX = 512;
const MSISDN_LENGTH_MIN = 2;
const MSISDN_LENGTH_MAX = 64;
const TEXT_LENGTH_MAX = 4096;

/** Returns the schema of a string of `min` to `max` Unicode code points, without a lone surrogate. */
function codePoints(min: number, max: number) {
  return z.string().check((ctx) => {
    const value = ctx.value;
    if (!value.isWellFormed()) {
      ctx.issues.push({ code: 'custom', input: value, params: { type: 'string_unicode' } });
    } else if (value.length < min) {
      ctx.issues.push({
        code: 'too_small',
        origin: 'string',
        minimum: min,
        inclusive: true,
        input: value,
      });
    } else if (value.length > max && longerThan(value, max)) {
      ctx.issues.push({
        code: 'too_big',
        origin: 'string',
        maximum: max,
        inclusive: true,
        input: value,
      });
    }
  });
}

/** Returns whether a well-formed string has more than `max` code points. */
function longerThan(value: string, max: number): boolean {
  // Each code point takes one or two UTF-16 units.
  if (value.length > max * 2) return true;
  let count = 0;
  for (const _ of value) count += 1;
  return count > max;
}

/** `+` and ASCII digits. `$` without the m flag holds only at the very end, so a trailing line feed does not fit. */
const MSISDN = /^\+[0-9]+$/;
// The expression refuses what is too short: the length is stated for those who read the description.
const msisdn = () =>
  z
    .string()
    .max(MSISDN_LENGTH_MAX, { abort: true })
    .regex(MSISDN)
    .meta({ minLength: MSISDN_LENGTH_MIN });

const instant = z.string().check((ctx) => {
  if (parseInstant(ctx.value) === null) {
    ctx.issues.push({ code: 'custom', input: ctx.value, params: { type: 'datetime_parsing' } });
  }
});

const YEAR = '([0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)';
const MONTH = '(0[1-9]|1[0-2])';
const DAY = '(0[1-9]|[12][0-9]|3[01])';
const TIME = '([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]';

/** The description of an instant for clients: the grammar, and in words what the grammar cannot express. */
export const INSTANT = {
  description: 'An instant in UTC, with up to nine digits of a second. The date must exist.',
  minLength: 20,
  maxLength: 30,
  pattern: `^${YEAR}-${MONTH}-${DAY}T${TIME}(\\.[0-9]{1,9})?Z$`,
  example: '2025-01-15T10:00:00Z',
};

/** The body of `POST /webhook`. Unknown keys are ignored; absent and null text are the same. */
export const messageSchema = z.object({
  message_id: codePoints(1, MESSAGE_ID_LENGTH_MAX).meta({
    description: 'The name of the message, unique for its provider. Its first delivery is kept.',
    minLength: 1,
    maxLength: MESSAGE_ID_LENGTH_MAX,
    example: 'wamid.HBgMOTE5ODc2NTQzMjEw',
  }),
  from: msisdn().meta({ description: 'The sender: `+`, then digits.', example: '+919876543210' }),
  to: msisdn().meta({ description: 'The recipient: `+`, then digits.', example: '+14155550100' }),
  ts: instant.meta(INSTANT),
  text: codePoints(0, TEXT_LENGTH_MAX)
    .meta({ maxLength: TEXT_LENGTH_MAX, example: 'Hello' })
    .nullish()
    .meta({ description: 'The text; absent and null are the same. Lengths count code points.' })
    .transform((text) => text ?? null),
});

/** The id of a message of a named source begins with its name, of up to 32 characters, and a colon. */
const SOURCE_PREFIX_LENGTH_MAX = 33;

/**
 * A message as it is listed: nothing is left out, and text may be null. The rules of `POST /webhook` for its fields bind the default
 * source alone: others have senders and texts of every kind.
 */
export const storedMessageSchema = z.object({
  message_id: z.string().meta({
    description:
      'As it was sent; for a named source, its name, a colon, and the id of the provider.',
    minLength: 1,
    maxLength: SOURCE_PREFIX_LENGTH_MAX + MESSAGE_ID_LENGTH_MAX,
    example: 'whatsapp:wamid.HBgMOTE5ODc2NTQzMjEw',
  }),
  from: z.string().meta({
    description: 'The sender: `+` and digits, or for a named source whatever its provider has.',
    example: '+919876543210',
  }),
  to: z.string().meta({ description: 'The recipient, likewise.', example: '+14155550100' }),
  ts: messageSchema.shape.ts,
  text: z
    .string()
    .meta({ example: 'Hello' })
    .nullable()
    .meta({
      description: `The text, null where there is none. From a named source it may be longer than ${TEXT_LENGTH_MAX} characters.`,
    }),
});

/** A valid message, as it is stored and listed. */
export type Message = z.output<typeof messageSchema>;
