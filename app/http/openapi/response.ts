// One response of the description: what it means, its body and its headers.
import type * as z from 'zod';
import { type Json, refOrSchema } from './json-schema.ts';

export interface Described {
  readonly description: string;
  /** The media type; JSON where it is left out. */
  readonly type?: string;
  readonly schema: z.ZodType;
  readonly example?: unknown;
  /** Other media types that the body may have, with their schemas. */
  readonly also?: Readonly<Record<string, z.ZodType>>;
  /** The headers beside X-Request-ID: what each means. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Returns a Response Object of OpenAPI. */
export function response(described: Described): Json {
  const {
    description,
    type = 'application/json',
    schema,
    example,
    also = {},
    headers = {},
  } = described;
  return {
    description,
    headers: {
      'X-Request-ID': { $ref: '#/components/headers/RequestId' },
      ...Object.fromEntries(
        Object.entries(headers).map(([name, meaning]) => [
          name,
          { description: meaning, schema: { type: 'string' } },
        ]),
      ),
    },
    content: {
      [type]: { schema: refOrSchema(schema), ...(example === undefined ? {} : { example }) },
      ...Object.fromEntries(
        Object.entries(also).map(([name, other]) => [name, { schema: refOrSchema(other) }]),
      ),
    },
  };
}
