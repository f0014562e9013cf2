// From the signed bytes to a valid message, or to its validation issues.
import type * as z from 'zod';
import { type Message, messageSchema } from '../model/message.ts';
import {
  INVALID_INSTANT,
  type IssueType,
  type ValidationIssue,
  boundedInput,
} from '../model/validation-issue.ts';
import { parseJson } from './json.ts';

/** Either a message, or its issues and the id that the body carried nevertheless (for the log). */
export type Decoded =
  | { readonly message: Message }
  | { readonly issues: readonly ValidationIssue[]; readonly messageId: string | null };

const LOGGED_ID_UNITS_MAX = 512;

/** Decodes the body of `POST /webhook`. Never throws: bytes that are not a message have issues, one for each field. */
export function decodeMessage(body: Buffer): Decoded {
  const object = decodeObject(body);
  if ('issue' in object) return { issues: [object.issue], messageId: null };
  const { fields } = object;
  const result = messageSchema.safeParse(fields);
  if (result.success) return { message: result.data };
  return {
    issues: firstOfEachField(result.error.issues).map((issue) => issueOf(issue, fields)),
    messageId: loggableId(fields['message_id']),
  };
}

/** The schema checks the length of every value that has one, also of an object that is no string: the first issue is the meaningful one. */
function firstOfEachField(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  const fields = issues.map((issue) => issue.path[0]);
  return issues.filter((issue, index) => fields.indexOf(issue.path[0]) === index);
}

/** Returns the object of JSON that a body is, or the issue of one that is none. */
export function decodeObject(
  body: Buffer,
): { readonly fields: Record<string, unknown> } | { readonly issue: ValidationIssue } {
  const json = parseJson(body);
  if ('reason' in json) {
    const msg = `JSON decode error: ${json.reason}`;
    return { issue: { type: 'json_invalid', loc: ['body', json.position], msg, input: {} } };
  }
  const { value } = json;
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return { fields: value as Record<string, unknown> };
  const msg = 'Input should be a valid dictionary or object to extract fields from';
  const input = boundedInput(value);
  return { issue: { type: 'model_attributes_type', loc: ['body'], msg, input } };
}

function loggableId(id: unknown): string | null {
  return typeof id === 'string' && id !== ''
    ? id.slice(0, LOGGED_ID_UNITS_MAX).toWellFormed()
    : null;
}

/** Returns an issue of the schema in the words that Pydantic uses for it. */
function issueOf(issue: z.core.$ZodIssue, body: Record<string, unknown>): ValidationIssue {
  const field = String(issue.path[0]);
  const loc = ['body', field];
  if (!Object.hasOwn(body, field)) {
    return { type: 'missing', loc, msg: 'Field required', input: boundedInput(body) };
  }
  return { ...describe(issue), loc, input: boundedInput(body[field]) };
}

function describe(issue: z.core.$ZodIssue): { type: IssueType; msg: string } {
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
  if (issue.code === 'custom' && issue.params?.['type'] === INVALID_INSTANT.type)
    return INVALID_INSTANT;
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
