// Finds where a text stops being JSON (RFC 8259). The engine's own error message cannot be used: it quotes what the sender wrote.

/** The result of scanning one token: `at` is the position after it, or, where it is not valid, the position of the error. */
interface Step {
  readonly ok: boolean;
  readonly at: number;
}

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const PLAIN = /[ !#-[\]-\uffff]*/y;
const ESCAPE = /\\["\\/bfnrt]/y;
/** With the character that must follow: an escape that ends the text counts as cut short. */
const UNICODE_ESCAPE = /\\u[0-9a-fA-F]{4}(?=[^])/y;
const LITERALS = ['true', 'false', 'null'];

/**
 * Returns the position, in code points from 0, at which a strict parser stops; null where the text is JSON. It is the
 * one that Python's `json` names up to version 3.12: for an unterminated string its quotation mark, for an invalid value
 * its first character. `NaN` and `Infinity`, which Python accepts, are such values. Linear in time, without recursion.
 */
export function jsonErrorPosition(text: string): number | null {
  const units = new Scanner(text).errorPosition();
  return units === null ? null : codePoints(text, units);
}

class Scanner {
  readonly #text: string;
  /** For each open bracket, from the outside: whether it is an object's. */
  readonly #inObject: Uint8Array;
  #depth = 0;
  #expected: 'value' | 'first value' | 'key' | 'first key' | 'end' = 'value';

  constructor(text: string) {
    this.#text = text;
    this.#inObject = new Uint8Array(text.length + 1);
  }

  /** Returns the position of the error in UTF-16 units; null where there is none. */
  errorPosition(): number | null {
    for (let at = 0; ;) {
      at = end(SPACE, this.#text, at);
      if (this.#expected === 'end' && this.#depth === 0)
        return at === this.#text.length ? null : at;
      const step = this.#step(at);
      if (!step.ok) return step.at;
      ({ at } = step);
    }
  }

  #step(at: number): Step {
    const character = this.#text[at];
    if (this.#expected === 'end') return this.#afterValue(character, at);
    if (this.#expected === 'first key' && character === '}') return this.#close(at);
    if (this.#expected === 'first value' && character === ']') return this.#close(at);
    if (this.#expected === 'key' || this.#expected === 'first key') return this.#key(at);
    if (character === '{' || character === '[') return this.#open(character === '{', at);
    this.#expected = 'end';
    return character === '"' ? stringAt(this.#text, at) : scalarAt(this.#text, at);
  }

  #open(object: boolean, at: number): Step {
    this.#depth += 1;
    this.#inObject[this.#depth] = object ? 1 : 0;
    this.#expected = object ? 'first key' : 'first value';
    return { ok: true, at: at + 1 };
  }

  #close(at: number): Step {
    this.#depth -= 1;
    this.#expected = 'end';
    return { ok: true, at: at + 1 };
  }

  #afterValue(character: string | undefined, at: number): Step {
    const object = this.#inObject[this.#depth] === 1;
    if (character === (object ? '}' : ']')) return this.#close(at);
    if (character !== ',') return { ok: false, at };
    this.#expected = object ? 'key' : 'value';
    return { ok: true, at: at + 1 };
  }

  #key(at: number): Step {
    if (this.#text[at] !== '"') return { ok: false, at };
    const key = stringAt(this.#text, at);
    if (!key.ok) return key;
    const colon = end(SPACE, this.#text, key.at);
    if (this.#text[colon] !== ':') return { ok: false, at: colon };
    this.#expected = 'value';
    return { ok: true, at: colon + 1 };
  }
}

/** Scans a string that starts with its quotation mark at `start`. */
function stringAt(text: string, start: number): Step {
  for (let at = start + 1; ;) {
    at = end(PLAIN, text, at);
    if (text[at] === '"') return { ok: true, at: at + 1 };
    if (at === text.length) return { ok: false, at: start };
    if (text[at] !== '\\') return { ok: false, at };
    if (at + 1 === text.length) return { ok: false, at: start };
    const unicode = text[at + 1] === 'u';
    const next = end(unicode ? UNICODE_ESCAPE : ESCAPE, text, at);
    if (next === at) return { ok: false, at: unicode ? at + 1 : at };
    at = next;
  }
}

/** Scans a number or one of the three literals. What follows it is not checked. */
function scalarAt(text: string, at: number): Step {
  const literal = LITERALS.find((word) => text.startsWith(word, at));
  const after = literal === undefined ? end(NUMBER, text, at) : at + literal.length;
  return { ok: after > at, at: after };
}

/** Returns where a match of the sticky pattern at `at` ends; `at` where there is none. */
function end(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** Returns how many code points come before a position in UTF-16 units. */
function codePoints(text: string, units: number): number {
  let count = 0;
  for (let at = 0; at < units; at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) count += 1;
  return count;
}
