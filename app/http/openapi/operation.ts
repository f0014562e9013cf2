// One operation of the description: the entry that a route carries, as an OpenAPI Operation Object.
import type * as z from 'zod';
import type { Access } from '../access.ts';
import type { Parameters } from '../params/query.ts';
import { FAILURES, type Failure } from './failures.ts';
import { type Json, jsonSchema, refOrSchema } from './json-schema.ts';
import { type Described, response } from './response.ts';

/** The groups of the description, in the order of the page. */
export const TAGS = [
  { name: 'Receive', description: 'What providers call.' },
  { name: 'Read', description: 'What people and programs read.' },
  { name: 'Forward', description: 'What destinations have, and how they are steered.' },
  { name: 'Operate', description: 'What keeps it running.' },
] as const;

/** What the description says of one method of a route. */
export interface Entry {
  readonly operationId: string;
  readonly tag: (typeof TAGS)[number]['name'];
  readonly summary: string;
  readonly description?: string;
  /** The parts of the path that differ. */
  readonly path?: Parameters;
  /** The parameters of the query string: the schemas that validate. */
  readonly query?: Parameters;
  readonly headers?: Parameters;
  /** The schema of the request's body. */
  readonly body?: z.ZodType;
  /** The media types of that body; JSON where they are left out. */
  readonly bodyTypes?: readonly string[];
  /** What is sent where nothing fails, by status. */
  readonly responses: Readonly<Record<number, Described>>;
  /** What else may be sent; a route that needs a token has `unauthorized` beside it. */
  readonly failures: readonly Failure[];
}

/** What the document says of routes with this access; else that a token is needed where there is one. */
const SECURITY: Readonly<Partial<Record<Access, Json>>> = {
  open: { security: [] },
  steer: { security: [{ token: [] }] },
};

/** Returns an Operation Object of OpenAPI. */
export function describeOperation(entry: Entry, access: Access): Json {
  const { operationId, tag, summary, description, path = {}, query = {}, headers = {} } = entry;
  const { body, bodyTypes = ['application/json'] } = entry;
  const parameters = [
    ...Object.entries(path).map(([name, schema]) => parameter(name, 'path', schema)),
    ...Object.entries(query).map(([name, schema]) => parameter(name, 'query', schema)),
    ...Object.entries(headers).map(([name, schema]) => parameter(name, 'header', schema)),
  ];
  const failures: readonly Failure[] =
    access === 'open' ? entry.failures : ['unauthorized', ...entry.failures];
  return {
    operationId,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: Object.fromEntries(
              bodyTypes.map((type) => [type, { schema: refOrSchema(body) }]),
            ),
          },
        }),
    ...SECURITY[access],
    responses: Object.fromEntries([
      ...Object.entries(entry.responses).map(([status, described]) => [
        status,
        response(described),
      ]),
      ...failures.map((name) => [FAILURES[name].status, response(FAILURES[name])]),
    ]),
  };
}

/** What may be absent, and what may be empty, is read off the schema. */
function parameter(name: string, location: 'path' | 'query' | 'header', schema: z.ZodType): Json {
  const { description, ...value } = jsonSchema(schema, 'output');
  return {
    name,
    in: location,
    description,
    required: !schema.safeParse(undefined).success,
    schema: value,
    ...(location === 'query' && schema.safeParse('').success ? { allowEmptyValue: true } : {}),
  };
}
