// From a Zod schema to the JSON Schema of the description.
import * as z from 'zod';

export type Json = Readonly<Record<string, unknown>>;

/** Schemas that the description has under a name of their own, and refers to by it. */
export const components = z.registry<{ readonly name: string }>();

/**
 * Returns the schema of a value that is sent (`input`) or read (`output`). OpenAPI 3.1 takes JSON Schema 2020-12 as it is;
 * the dialect is named once, by the version of OpenAPI. What has no form in JSON Schema is described by the schema's `meta`.
 */
export function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...described } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return described;
}

/** Returns a reference to a schema that has a name, else its JSON Schema. */
export function refOrSchema(schema: z.ZodType): Json {
  const name = components.get(schema)?.name;
  return name === undefined
    ? jsonSchema(schema, 'input')
    : { $ref: `#/components/schemas/${name}` };
}
