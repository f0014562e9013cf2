// Reads a query string by the schemas of its parameters: typed values, or a validation issue for each that does not fit.
import * as z from 'zod';
import {
  boundedInput,
  INVALID_INSTANT,
  type IssueType,
  type ValidationIssue,
} from '../../model/validation-issue.ts';
import { DIGITS } from './integer.ts';

/**
 * Parameters by name. Each schema takes the text of its parameter, or undefined where it is absent, and has a description.
 * `jsonSchema` in `openapi/json-schema.ts` describes the value that comes out.
 */
export type Parameters = Readonly<Record<string, z.ZodType>>;

export type Values<Shape extends Parameters> = {
  readonly [Name in keyof Shape]: z.output<Shape[Name]>;
};

export type Parsed<Query> =
  { readonly query: Query } | { readonly issues: readonly ValidationIssue[] };

/** The text of a parameter as it was sent; undefined where it is absent. */
export type TextOf = (name: string) => string | undefined;

/** An issue without its location and input. */
interface Words {
  readonly type: IssueType;
  readonly msg: string;
}

/** A rule about several parameters. Those that do not fit their own schema are missing from `values`. */
type Rule<Shape extends Parameters> = (
  values: Partial<Values<Shape>>,
  textOf: TextOf,
) => readonly ValidationIssue[];

/**
 * Returns the values of the parameters, or the issues in the order of `parameters`, then those of `rule`.
 * `queryString` is the part of the URL after `?`, form-decoded as browsers do it: a `%` that starts no sequence stays as it
 * is. Unknown names are ignored; the last of a repeated name counts.
 */
export function parseQuery<Shape extends Parameters>(
  parameters: Shape,
  queryString: string,
  rule: Rule<Shape> = () => [],
): Parsed<Values<Shape>> {
  const textOf = textsOf(queryString);
  const values: Record<string, unknown> = {};
  const issues: ValidationIssue[] = [];
  for (const [name, schema] of Object.entries(parameters)) {
    const text = textOf(name);
    const result = schema.safeParse(text);
    if (result.success) values[name] = result.data;
    else issues.push(parameterIssue(result.error.issues, ['query', name], text));
  }
  issues.push(...rule(values as Partial<Values<Shape>>, textOf));
  return issues.length > 0 ? { issues } : { query: values as Values<Shape> };
}

/** Returns a function that finds the last value of a parameter in a query string. */
export function textsOf(queryString: string): TextOf {
  const parameters = new URLSearchParams(queryString);
  return (name) => parameters.getAll(name).at(-1);
}

/** Returns the schema of a parameter that may be absent, and counts as absent where it is empty. */
export function optional<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((text) => (text === '' ? undefined : text), schema.optional());
}

/** Returns the schema of a parameter that has a value also where it is absent or empty. */
export function orDefault<Schema extends z.ZodType>(
  schema: Schema,
  value: z.util.NoUndefined<z.output<Schema>>,
) {
  return z.preprocess((text) => (text === '' ? undefined : text), schema.default(value));
}

/** Returns the first issue of a schema in FastAPI's words. `loc` names the parameter, `text` is its value. */
export function parameterIssue(
  issues: readonly z.core.$ZodIssue[],
  loc: ValidationIssue['loc'],
  text: string | undefined,
): ValidationIssue {
  const { type, msg } = wordsOf(issues[0]);
  return { type, loc, msg, input: boundedInput(text) };
}

/** Returns the issue of a rule about several parameters, at the parameter `name`. */
export function ruleIssue(name: string, msg: string, textOf: TextOf): ValidationIssue {
  return { type: 'value_error', loc: ['query', name], msg, input: boundedInput(textOf(name)) };
}

function wordsOf(issue: z.core.$ZodIssue | undefined): Words {
  if (issue?.code === 'too_big') return atMost(issue.maximum);
  if (issue?.code === 'too_small' && issue.origin === 'string')
    return { type: 'string_too_short', msg: 'String should have at least 1 character' };
  if (issue?.code === 'too_small') {
    const msg = `Input should be greater than or equal to ${issue.minimum}`;
    return { type: 'greater_than_equal', msg };
  }
  if (issue?.code === 'invalid_format' && issue.pattern !== DIGITS.toString()) {
    // The schema shows its pattern as a literal of JavaScript; Pydantic shows what is between the slashes.
    const pattern = issue.pattern?.slice(1, -1) ?? '';
    return { type: 'string_pattern_mismatch', msg: `String should match pattern '${pattern}'` };
  }
  if (issue?.code === 'invalid_format') {
    const msg = 'Input should be a valid integer, unable to parse string as an integer';
    return { type: 'int_parsing', msg };
  }
  if (issue?.code === 'invalid_type') return { type: 'missing', msg: 'Field required' };
  if (issue?.code === 'custom' && issue.params?.['type'] === INVALID_INSTANT.type)
    return INVALID_INSTANT;
  const msg =
    issue?.code === 'invalid_value'
      ? `Input should be one of ${issue.values.join(', ')}`
      : (issue?.message ?? 'Value error');
  return { type: 'value_error', msg };
}

/** Returns the words for a number that is too large. */
export function atMost(maximum: number | bigint): Words {
  return { type: 'less_than_equal', msg: `Input should be less than or equal to ${maximum}` };
}
