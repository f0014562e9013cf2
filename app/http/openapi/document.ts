// The description of the API in OpenAPI 3.1, made of the schemas that validate.
import * as z from 'zod';
import { OTHER_ANSWERS, PATHS, SCHEMAS } from './paths.ts';

/** Returns the whole document. `version` is the version of the service; `basePath` begins each of its paths. */
export function describeApi(version: string, basePath: string): Readonly<Record<string, unknown>> {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Oncebox',
      version,
      description:
        'A self-hosted inbox for signed webhooks: verified, stored exactly once, on disk before the answer. ' +
        'HEAD is answered wherever GET is, without the body. ' +
        'What is answered where there is no operation is under `x-other-answers`.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: basePath || '/', description: 'This service' }],
    tags: [
      { name: 'Receive', description: 'What providers call.' },
      { name: 'Read', description: 'What people and programs ask.' },
      { name: 'Operate', description: 'What keeps it running.' },
    ],
    // Both are right: a service without an API token asks for none.
    security: [{}, { token: [] }],
    paths: PATHS,
    'x-other-answers': OTHER_ANSWERS,
    components: {
      schemas: Object.fromEntries(
        Object.entries(SCHEMAS).map(([name, schema]) => [name, jsonSchema(schema)]),
      ),
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

/** OpenAPI 3.1 takes JSON Schema 2020-12 as it is; the dialect is named once, by the version of OpenAPI. */
function jsonSchema(schema: z.ZodType): Record<string, unknown> {
  const described: Record<string, unknown> = z.toJSONSchema(schema, { io: 'input' });
  delete described['$schema'];
  return described;
}
