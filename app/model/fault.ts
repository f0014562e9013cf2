// A fault in what a caller sent, in the shape that FastAPI gives them.

/** One entry of a 422 answer: what is wrong (`type`, `msg`), where (`loc`), and what was sent (`input`, bounded). */
export interface Fault {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly input: unknown;
}

const INPUT_CHARACTERS_MAX = 256;
const INPUT_ENTRIES_MAX = 20;
const INPUT_DEPTH_MAX = 3;

/**
 * What was sent, cut to a size that may be sent back: long strings, long lists and deep nesting end in an ellipsis.
 * Without the bound a body of a megabyte would be echoed for each missing field, and one nested
 * a hundred thousand levels deep would overflow the stack of `JSON.stringify`.
 */
export function boundedInput(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') {
    return value.length <= INPUT_CHARACTERS_MAX
      ? value
      : `${value.slice(0, INPUT_CHARACTERS_MAX)}…`;
  }
  if (typeof value !== 'object' || value === null) return value ?? null;
  if (depth >= INPUT_DEPTH_MAX) return '…';
  if (Array.isArray(value))
    return value.slice(0, INPUT_ENTRIES_MAX).map((entry) => boundedInput(entry, depth + 1));
  const entries: [string, unknown][] = [];
  for (const key in value) {
    if (entries.length === INPUT_ENTRIES_MAX) break;
    entries.push([
      key.slice(0, INPUT_CHARACTERS_MAX),
      boundedInput((value as Record<string, unknown>)[key], depth + 1),
    ]);
  }
  return Object.fromEntries(entries);
}
