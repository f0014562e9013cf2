// A message: its fields, their rules, and the one schema that types, checks and describes them.
import * as z from 'zod';
import { parseInstant } from './instant.ts';

const MESSAGE_ID_LENGTH_MAX = 512;
const MSISDN_LENGTH_MAX = 64;
const TEXT_LENGTH_MAX = 4096;

/** A string of Unicode code points, `min` to `max` of them, without a lone surrogate. */
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

/** Whether a well-formed string has more than `max` code points. */
function longerThan(value: string, max: number): boolean {
  // Each code point takes one or two UTF-16 units.
  if (value.length > max * 2) return true;
  let count = 0;
  for (const _ of value) count += 1;
  return count > max;
}

/** `+` and ASCII digits. `$` without the m flag holds only at the very end, so a trailing line feed does not fit. */
const MSISDN = /^\+[0-9]+$/;
const msisdn = () => z.string().max(MSISDN_LENGTH_MAX, { abort: true }).regex(MSISDN);

const instant = z.string().check((ctx) => {
  if (parseInstant(ctx.value) === null) {
    ctx.issues.push({ code: 'custom', input: ctx.value, params: { type: 'datetime_parsing' } });
  }
});

/** The body of `POST /webhook`. Unknown keys are ignored; absent and null text are the same. */
export const messageSchema = z.object({
  message_id: codePoints(1, MESSAGE_ID_LENGTH_MAX),
  from: msisdn(),
  to: msisdn(),
  ts: instant,
  text: codePoints(0, TEXT_LENGTH_MAX)
    .nullish()
    .transform((text) => text ?? null),
});

/** A valid message, as it is stored and listed. */
export type Message = z.output<typeof messageSchema>;
