// From the signed bytes to a valid message, or to the list of its faults.
import type * as z from 'zod';
import { boundedInput, type Fault } from '../model/fault.ts';
import { type Message, messageSchema } from '../model/message.ts';
import { parseJson } from './json.ts';

/** Either a message, or the faults and the id that the body carried nevertheless (for the log). */
export type Decoded =
  | { readonly message: Message }
  | { readonly faults: readonly Fault[]; readonly messageId: string | null };

const LOGGED_ID_UNITS_MAX = 512;

/** Decodes the body of `POST /webhook`. Never throws: whatever the bytes are, they have an answer. */
export function decodeMessage(body: Buffer): Decoded {
  const json = parseJson(body);
  if ('reason' in json) return invalidJson(json.reason, json.position);
  const { value } = json;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const msg = 'Input should be a valid dictionary or object to extract fields from';
    return {
      faults: [{ type: 'model_attributes_type', loc: ['body'], msg, input: boundedInput(value) }],
      messageId: null,
    };
  }
  const result = messageSchema.safeParse(value);
  if (result.success) return { message: result.data };
  const fields = value as Record<string, unknown>;
  return {
    faults: firstOfEachField(result.error.issues).map((issue) => faultOf(issue, fields)),
    messageId: loggableId(fields['message_id']),
  };
}

/** The schema looks at the length of whatever has one, also of an object that is no string: the first fault says it all. */
function firstOfEachField(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  const fields = issues.map((issue) => issue.path[0]);
  return issues.filter((issue, index) => fields.indexOf(issue.path[0]) === index);
}

function invalidJson(reason: string, position: number): Decoded {
  const fault = {
    type: 'json_invalid',
    loc: ['body', position],
    msg: `JSON decode error: ${reason}`,
    input: {},
  };
  return { faults: [fault], messageId: null };
}

function loggableId(id: unknown): string | null {
  return typeof id === 'string' && id !== ''
    ? id.slice(0, LOGGED_ID_UNITS_MAX).toWellFormed()
    : null;
}

/** One issue of the schema in the words that Pydantic uses for the same fault. */
function faultOf(issue: z.core.$ZodIssue, body: Record<string, unknown>): Fault {
  const field = String(issue.path[0]);
  const loc = ['body', field];
  if (!Object.hasOwn(body, field)) {
    return { type: 'missing', loc, msg: 'Field required', input: boundedInput(body) };
  }
  return { ...describe(issue), loc, input: boundedInput(body[field]) };
}

function describe(issue: z.core.$ZodIssue): { type: string; msg: string } {
  if (issue.code === 'too_small') {
    return {
      type: 'string_too_short',
      msg: `String should have at least ${plural(issue.minimum)}`,
    };
  }
  if (issue.code === 'too_big') {
    return { type: 'string_too_long', msg: `String should have at most ${plural(issue.maximum)}` };
  }
  if (issue.code === 'invalid_format') {
    return { type: 'string_pattern_mismatch', msg: `String should match pattern '^\\+[0-9]+$'` };
  }
  if (issue.code === 'custom' && issue.params?.['type'] === 'datetime_parsing') {
    const msg =
      'Input should be a valid UTC instant, YYYY-MM-DDTHH:MM:SS with an optional fraction, and Z';
    return { type: 'datetime_parsing', msg };
  }
  if (issue.code === 'custom') {
    return {
      type: 'string_unicode',
      msg: 'Input should be a valid string, unable to parse raw data as a unicode string',
    };
  }
  return { type: 'string_type', msg: 'Input should be a valid string' };
}

function plural(count: number | bigint): string {
  return `${count} character${Number(count) === 1 ? '' : 's'}`;
}
