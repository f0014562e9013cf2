// From a query string to a question about messages, or to the list of its faults.
import { boundedInput, type Fault } from '../model/fault.ts';
import { parseInstant } from '../model/instant.ts';
import type { MessageQuery } from '../model/page.ts';
import { decodeCursor } from './cursor.ts';

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 100;

export type Parsed = { readonly query: MessageQuery } | { readonly faults: readonly Fault[] };

/**
 * Reads the parameters of `GET /messages` from the part of the URL after `?`, form-decoded as browsers do it:
 * a `%` that starts no sequence stays as it is. Unknown names are ignored; the last of a repeated name counts.
 */
export function parseMessageQuery(queryString: string): Parsed {
  const parameters = new URLSearchParams(queryString);
  const value = (name: string): string | undefined => parameters.getAll(name).at(-1);
  const faults: Fault[] = [];
  const limit = wholeNumber(
    'limit',
    value('limit'),
    { default: LIMIT_DEFAULT, min: 1, max: LIMIT_MAX },
    faults,
  );
  const offset = wholeNumber(
    'offset',
    value('offset'),
    { default: 0, min: 0, max: Number.MAX_SAFE_INTEGER },
    faults,
  );
  // A raw `+` in a URL decodes to a space, and no sender begins with one.
  const from = (value('from') || null)?.replace(/^ /, '+') ?? null;
  const sinceText = value('since') || null;
  const since = sinceText === null ? null : parseInstant(sinceText);
  if (sinceText !== null && since === null) faults.push(instantFault('since', sinceText));
  const cursorText = value('cursor') || null;
  const cursor = cursorText === null ? null : decodeCursor(cursorText);
  if (cursorText !== null && (cursor === null || offset !== 0)) {
    const msg =
      cursor === null
        ? 'Input should be a cursor from a Link header'
        : 'Input should not come with an offset';
    faults.push({
      type: 'value_error',
      loc: ['query', 'cursor'],
      msg,
      input: boundedInput(cursorText),
    });
  }
  if (faults.length > 0) return { faults };
  return { query: { limit, offset, from, since, text: value('q') || null, cursor } };
}

/** The fault of a parameter that is no instant. */
export function instantFault(name: string, value: string): Fault {
  const msg =
    'Input should be a valid UTC instant, YYYY-MM-DDTHH:MM:SS with an optional fraction, and Z';
  return { type: 'datetime_parsing', loc: ['query', name], msg, input: boundedInput(value) };
}

interface Range {
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

/** Reads digits as a number within a range; a value that does not fit adds a fault and gives the default. */
export function wholeNumber(
  name: string,
  value: string | undefined,
  range: Range,
  faults: Fault[],
): number {
  if (value === undefined) return range.default;
  const fault = (type: string, msg: string): number => {
    faults.push({ type, loc: ['query', name], msg, input: boundedInput(value) });
    return range.default;
  };
  if (!/^[0-9]+$/.test(value)) {
    return fault(
      'int_parsing',
      'Input should be a valid integer, unable to parse string as an integer',
    );
  }
  // BigInt, because a number beyond 2^53 would be rounded before it is compared.
  const number = BigInt(value);
  if (number < range.min) {
    return fault('greater_than_equal', `Input should be greater than or equal to ${range.min}`);
  }
  if (number > range.max)
    return fault('less_than_equal', `Input should be less than or equal to ${range.max}`);
  return Number(number);
}
