// A JSON value together with its text as the sender wrote it: key order, escapes and large numbers, which parsing loses.
import { jsonOf } from './body.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BRACKET_OPEN = 0x5b;
const BACKSLASH = 0x5c;
const BRACKET_CLOSE = 0x5d;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;

/** A value inside a JSON text that has been parsed. */
export class RawJson {
  readonly value: unknown;
  readonly #whole: string;
  readonly #start: number;
  readonly #end: number;

  private constructor(whole: string, start: number, end: number, value: unknown) {
    this.#whole = whole;
    this.#start = start;
    this.#end = end;
    this.value = value;
  }

  /** Parses a text; null where it is not JSON. */
  static parse(text: string): RawJson | null {
    const value = jsonOf(text);
    if (value === undefined) return null;
    const start = afterSpace(text, 0);
    return new RawJson(text, start, afterValue(text, start), value);
  }

  /** The value as it was written, without the space around it. */
  get text(): string {
    return this.#whole.slice(this.#start, this.#end);
  }

  /** Returns the elements of an array; none where the value is no array. Its text is scanned once. */
  elements(): RawJson[] {
    const { value } = this;
    if (!Array.isArray(value)) return [];
    let at = this.#start;
    return value.map((element: unknown) => {
      const start = afterSpace(this.#whole, at + 1);
      const end = afterValue(this.#whole, start);
      at = afterSpace(this.#whole, end);
      return new RawJson(this.#whole, start, end, element);
    });
  }

  /**
   * Returns the members of an object by name, in the order of their first mention; none where the value is no object. Of a name that
   * comes again, the last value counts, as it does for `JSON.parse`. Its text is scanned once.
   */
  members(): Map<string, RawJson> {
    const members = new Map<string, RawJson>();
    if (!isObject(this.value)) return members;
    const text = this.#whole;
    let at = afterSpace(text, this.#start + 1);
    while (text.charCodeAt(at) !== BRACE_CLOSE) {
      const nameEnd = afterString(text, at);
      const name = JSON.parse(text.slice(at, nameEnd)) as string;
      const start = afterSpace(text, afterSpace(text, nameEnd) + 1);
      const end = afterValue(text, start);
      members.set(name, new RawJson(text, start, end, this.value[name]));
      at = afterSpace(text, end);
      if (text.charCodeAt(at) === COMMA) at = afterSpace(text, at + 1);
    }
    return members;
  }
}

/** Whether a parsed value is an object, and neither an array nor null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// The scanners below rely on the text being JSON: they look only at what they must to find an end.

function afterSpace(text: string, start: number): number {
  let at = start;
  while (text.charCodeAt(at) <= 0x20) at += 1;
  return at;
}

/** Returns the end of the value that begins at `start`. Brackets are counted, so that depth costs nothing. */
function afterValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return afterString(text, start);
  if (first !== BRACE_OPEN && first !== BRACKET_OPEN) return afterScalar(text, start);
  let depth = 0;
  for (let at = start; ;) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) {
      at = afterString(text, at);
      continue;
    }
    if (unit === BRACE_OPEN || unit === BRACKET_OPEN) depth += 1;
    else if (unit === BRACE_CLOSE || unit === BRACKET_CLOSE) depth -= 1;
    at += 1;
    if (depth === 0) return at;
  }
}

/** Returns the end of the string whose quotation mark is at `start`: after the next one that no backslash escapes. */
function afterString(text: string, start: number): number {
  for (let at = start; ;) {
    at = text.indexOf('"', at + 1);
    let escapes = at;
    while (text.charCodeAt(escapes - 1) === BACKSLASH) escapes -= 1;
    if ((at - escapes) % 2 === 0) return at + 1;
  }
}

/** Returns the end of a number or literal. At the end of the text the code is NaN, and every comparison false. */
function afterScalar(text: string, start: number): number {
  let at = start;
  for (let unit = text.charCodeAt(at); unit > 0x20; unit = text.charCodeAt(at)) {
    if (unit === COMMA || unit === BRACKET_CLOSE || unit === BRACE_CLOSE) break;
    at += 1;
  }
  return at;
}
