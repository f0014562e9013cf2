// Values and parameters made from the schemas of the description of the API.
import * as fc from 'fast-check';
import type { Description, Operation, Schema } from './description.ts';

/** Values that fit a schema, where it says all there is to say. */
export function fitting(api: Description, schema: Schema): fc.Arbitrary<unknown> {
  const drawn = drawnFrom(api, schema);
  // What the schema cannot say, such as that a date must exist, holds for its example.
  return schema.example === undefined ? drawn : fc.oneof(drawn, fc.constant(schema.example));
}

function drawnFrom(api: Description, schema: Schema): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined)
    return fitting(api, api.document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {});
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((one) => fitting(api, one)));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.type === 'null') return fc.constant(null);
  if (schema.type === 'integer') {
    const [min = 0, max = Number.MAX_SAFE_INTEGER] = [schema.minimum, schema.maximum];
    return fc.oneof(
      fc.integer({ min, max }),
      fc.constantFrom(min, max),
      fc.integer({ min, max: min + 3 }),
    );
  }
  if (schema.type === 'object') {
    const fields = Object.entries(schema.properties ?? {});
    const optional = fields.filter(([name]) => schema.required?.includes(name) !== true);
    return fc.record(
      Object.fromEntries(fields.map(([name, value]) => [name, fitting(api, value)])),
      {
        requiredKeys: fields
          .map(([name]) => name)
          .filter((name) => optional.every(([other]) => other !== name)),
      },
    );
  }
  const length = schema.maxLength ?? 60;
  if (schema.pattern !== undefined)
    return fc.stringMatching(new RegExp(schema.pattern)).filter((text) => text.length <= length);
  return fc.string({
    unit: 'binary',
    minLength: schema.minLength ?? 0,
    maxLength: Math.min(60, length),
  });
}

/** Anything, as text. */
const odd = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.integer().map(String),
  fc.constantFrom(
    '',
    '-1',
    '1e3',
    '1.5',
    '0x10',
    '9007199254740993',
    '2025-02-30T00:00:00Z',
    'null',
  ),
);

/** The parameters of an operation: each left out, fitting, or odd. */
export function parametersOf(
  api: Description,
  operation: Operation,
): fc.Arbitrary<Readonly<Record<string, string>>> {
  const values = (operation.parameters ?? [])
    .filter((parameter) => parameter.in === 'query')
    .map(({ name, schema }) => [name, fc.oneof(fitting(api, schema).map(String), odd)] as const);
  const optional: fc.Arbitrary<Record<string, string | undefined>> = fc.record(
    Object.fromEntries(values),
    { requiredKeys: [] },
  );
  return optional.map((drawn) =>
    Object.fromEntries(Object.entries(drawn).map(([name, value]) => [name, value ?? ''])),
  );
}
