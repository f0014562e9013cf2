// Reads a body of JSON: declared as such, bounded, and checked by a schema.
import type * as z from 'zod';
import { decodeObject } from '../ingest/decode.ts';
import { type ValidationIssue, boundedInput } from '../model/validation-issue.ts';
import type { BodyReader } from './body.ts';
import type { Exchange } from './exchange.ts';
import { errorReply, invalid } from './replies.ts';

/** Longest body of a route that reads JSON. */
export const JSON_BYTES_MAX = 1_048_576;

/** The one type that no form of a browser can have, and no page of another origin without asking. */
const JSON_TYPE = /^application\/json *(;|$)/i;

/**
 * Returns the value of the body by the schema, whose rules say in their own words what does not fit. Null: it was refused, as another
 * type (415), as too long (413), or with an issue for each field (422); or it took too long, and was refused meanwhile.
 */
export async function readJson<Schema extends z.ZodType>(
  exchange: Exchange,
  bodies: BodyReader,
  schema: Schema,
): Promise<z.output<Schema> | null> {
  if (!JSON_TYPE.test(exchange.request.headers['content-type'] ?? '')) {
    exchange.send(errorReply('unsupported_media_type'));
    return null;
  }
  const body = await bodies.read(exchange.request, JSON_BYTES_MAX);
  if (exchange.responded) return null;
  if (!(body instanceof Buffer)) {
    exchange.refuse(errorReply(body === 'too_large' ? 'payload_too_large' : 'too_many_bodies'));
    return null;
  }
  const object = decodeObject(body);
  const parsed = 'issue' in object ? null : schema.safeParse(object.fields);
  if (parsed?.success === true) return parsed.data;
  const issues =
    'issue' in object
      ? [object.issue]
      : (parsed?.error.issues ?? []).flatMap((issue) => issuesOf(issue, object.fields));
  exchange.send(invalid(issues));
  return null;
}

/** Returns an issue of the schema as it is sent; one for each key that the schema does not have. */
function issuesOf(
  issue: z.core.$ZodIssue,
  fields: Readonly<Record<string, unknown>>,
): ValidationIssue[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      type: 'value_error',
      loc: ['body', key],
      msg: 'Extra inputs are not permitted',
      input: boundedInput(fields[key]),
    }));
  const [field] = issue.path;
  if (typeof field === 'string' && !Object.hasOwn(fields, field))
    return [
      { type: 'missing', loc: ['body', field], msg: 'Field required', input: boundedInput(fields) },
    ];
  const loc = [
    'body',
    ...issue.path.map((part) => (typeof part === 'number' ? part : String(part))),
  ];
  const input = boundedInput(typeof field === 'string' ? fields[field] : fields);
  return [{ type: 'value_error', loc, msg: issue.message, input }];
}
