// The description of the API in OpenAPI 3.1, made of the routes and of the schemas that validate.
import type * as z from 'zod';
import type { DescribedPath } from '../route.ts';
import { FAILURES, WITHOUT_OPERATION } from './failures.ts';
import { type Json, components, jsonSchema } from './json-schema.ts';
import { type Entry, TAGS, describeOperation } from './operation.ts';
import { type Described, response } from './response.ts';

/** Returns the whole document. `version` is the version of the service; `basePath` begins each of its paths. */
export function describeApi(
  routes: readonly DescribedPath[],
  version: string,
  basePath: string,
): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Oncebox',
      version,
      description:
        'A self-hosted inbox for signed webhooks: verified, stored exactly once, on disk before the answer. ' +
        'HEAD is served wherever GET is, without the body. ' +
        'Responses where there is no operation are under `x-other-answers`.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: basePath || '/', description: 'This service' }],
    tags: TAGS,
    // Either holds: a service without an API token requires none.
    security: [{}, { token: [] }],
    paths: Object.fromEntries(
      routes
        .filter((route) => entriesOf(route).length > 0)
        .map((route) => [route.path, describePath(route)]),
    ),
    'x-other-answers': Object.fromEntries(
      WITHOUT_OPERATION.map((described) => [described.status, response(described)]),
    ),
    components: {
      schemas: namedSchemas(routes),
      headers: {
        RequestId: {
          description: "The request's own id, or the caller's where it sent a well-formed one.",
          required: true,
          schema: { type: 'string' },
        },
      },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'The value of `API_TOKEN`.' },
      },
    },
  };
}

function entriesOf({ methods }: DescribedPath): Entry[] {
  return Object.values(methods).flatMap(({ openapi }) => openapi ?? []);
}

function describePath({ methods, access }: DescribedPath): Json {
  return Object.fromEntries(
    Object.entries(methods).flatMap(([method, { openapi }]) =>
      openapi === null ? [] : [[method.toLowerCase(), describeOperation(openapi, access)]],
    ),
  );
}

/** Returns the schemas that the document refers to by name. */
function namedSchemas(routes: readonly DescribedPath[]): Json {
  const failures = [...Object.values(FAILURES), ...WITHOUT_OPERATION];
  const schemas: (z.ZodType | undefined)[] = [
    ...routes
      .flatMap(entriesOf)
      .flatMap(({ body, responses }) => [body, ...Object.values(responses).flatMap(schemasOf)]),
    ...failures.flatMap(schemasOf),
  ];
  return Object.fromEntries(
    schemas.flatMap((schema) => {
      const name = schema && components.get(schema)?.name;
      return schema === undefined || name === undefined
        ? []
        : [[name, jsonSchema(schema, 'input')]];
    }),
  );
}

function schemasOf({ schema, also = {} }: Described): z.ZodType[] {
  return [schema, ...Object.values(also)];
}
