// A validation issue: what is wrong with a value that a caller sent, in FastAPI's shape.

/** Every `type` of an issue. The names are Pydantic's: https://docs.pydantic.dev/latest/errors/validation_errors/ */
export const ISSUE_TYPES = [
  'json_invalid',
  'model_attributes_type',
  'missing',
  'string_type',
  'string_too_short',
  'string_too_long',
  'string_pattern_mismatch',
  'string_unicode',
  'datetime_parsing',
  'int_parsing',
  'greater_than_equal',
  'less_than_equal',
  'value_error',
] as const;

export type IssueType = (typeof ISSUE_TYPES)[number];

/** One entry of a 422 response: what is wrong (`type`, `msg`), where (`loc`), and what was sent (`input`, bounded). */
export interface ValidationIssue {
  readonly type: IssueType;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly input: unknown;
}

/** The issue of a text that is not an instant, in a body and in a query string alike. */
export const INVALID_INSTANT = {
  type: 'datetime_parsing',
  msg: 'Input should be a valid UTC instant, YYYY-MM-DDTHH:MM:SS with an optional fraction, and Z',
} as const;

/** The longest string that is sent back whole, in UTF-16 units. */
const INPUT_UNITS_MAX = 256;
const INPUT_ENTRIES_MAX = 20;
const INPUT_DEPTH_MAX = 3;

/**
 * Returns the value that was sent, cut to a size that may be sent back: long strings end in an ellipsis, long lists and
 * objects are cut short, and deep nesting is replaced by an ellipsis. `depth` is the number of levels around `value`.
 * Without the bound a body of a megabyte would be echoed for each missing field, and one nested a hundred thousand levels
 * deep would overflow the stack of `JSON.stringify`.
 */
export function boundedInput(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') {
    return value.length <= INPUT_UNITS_MAX ? value : `${value.slice(0, INPUT_UNITS_MAX)}…`;
  }
  if (typeof value !== 'object' || value === null) return value ?? null;
  if (depth >= INPUT_DEPTH_MAX) return '…';
  if (Array.isArray(value))
    return value.slice(0, INPUT_ENTRIES_MAX).map((entry) => boundedInput(entry, depth + 1));
  const entries: [string, unknown][] = [];
  for (const key in value) {
    if (entries.length === INPUT_ENTRIES_MAX) break;
    entries.push([
      key.slice(0, INPUT_UNITS_MAX),
      boundedInput((value as Record<string, unknown>)[key], depth + 1),
    ]);
  }
  return Object.fromEntries(entries);
}
