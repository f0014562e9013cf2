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
  readonly #whole: string;
  readonly #start: number;
  readonly #end: number;

  private constructor(whole: string, start: number) {
    this.#whole = whole;
    this.#start = start;
    this.#end = afterValue(whole, start);
  }

  /** Parses a text; null where it is not JSON. */
  static parse(text: string): RawJson | null {
    return jsonOf(text) === undefined ? null : new RawJson(text, afterSpace(text, 0));
  }

  /** The value as it was written, without the space around it. */
  get text(): string {
    return this.#whole.slice(this.#start, this.#end);
  }

  /** The value, which is parsed each time. */
  get value(): unknown {
    return jsonOf(this.text);
  }

  get isArray(): boolean {
    return this.#whole.charCodeAt(this.#start) === BRACKET_OPEN;
  }

  get isObject(): boolean {
    return this.#whole.charCodeAt(this.#start) === BRACE_OPEN;
  }

  /** Yields the elements of an array; none where the value is no array. Its text is scanned once, as far as they are asked for. */
  *elements(): Generator<RawJson, void> {
    if (!this.isArray) return;
    let at = afterSpace(this.#whole, this.#start + 1);
    while (this.#whole.charCodeAt(at) !== BRACKET_CLOSE) {
      const element = new RawJson(this.#whole, at);
      yield element;
      at = afterComma(this.#whole, element.#end);
    }
  }

  /**
   * Returns the members of an object by name, in the order of their first mention; none where the value is no object. Of a name that
   * comes again, the last value counts, as it does for `JSON.parse`. Its text is scanned once.
   */
  members(): Map<string, RawJson> {
    const members = new Map<string, RawJson>();
    if (!this.isObject) return members;
    let at = afterSpace(this.#whole, this.#start + 1);
    while (this.#whole.charCodeAt(at) !== BRACE_CLOSE) {
      const nameEnd = afterString(this.#whole, at);
      const name = stringOf(this.#whole.slice(at, nameEnd));
      const colon = afterSpace(this.#whole, nameEnd);
      const member = new RawJson(this.#whole, afterSpace(this.#whole, colon + 1));
      members.set(name, member);
      at = afterComma(this.#whole, member.#end);
    }
    return members;
  }
}

/** Returns the string that a JSON text is. Most names have nothing escaped in them: those are not parsed. */
function stringOf(json: string): string {
  return json.includes('\\') ? (JSON.parse(json) as string) : json.slice(1, -1);
}

// The scanners below rely on the text being JSON: they look only at what they must to find an end.

function afterSpace(text: string, start: number): number {
  let at = start;
  while (text.charCodeAt(at) <= 0x20) at += 1;
  return at;
}

/** Returns where the next value or name begins, or the bracket that ends them. */
function afterComma(text: string, start: number): number {
  const at = afterSpace(text, start);
  return text.charCodeAt(at) === COMMA ? afterSpace(text, at + 1) : at;
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
