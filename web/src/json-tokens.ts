// JSON as it was written: numbers, escapes and the order of members stay, which JSON.parse would not keep.

interface Token {
  /** A bracket, comma or colon as itself. `literal`: a number, true, false or null. */
  readonly kind: '{' | '}' | '[' | ']' | ',' | ':' | 'string' | 'literal';
  readonly start: number;
  readonly end: number;
}

const PUNCTUATION = '{}[],:';
const SPACE = ' \t\n\r';
/** The member that is kept as it is written. */
const KEPT = '"payload"';
/** Deep enough for any payload; deeper levels are not indented further. */
const INDENTED_LEVELS_MAX = 64;

/** Yields the tokens of a valid JSON text. */
function* tokensOf(text: string): Generator<Token> {
  for (let at = 0; at < text.length;) {
    const character = text[at] as string;
    const start = at;
    if (SPACE.includes(character)) {
      at += 1;
      continue;
    }
    if (PUNCTUATION.includes(character)) {
      at += 1;
      yield { kind: character as Token['kind'], start, end: at };
    } else if (character === '"') {
      at = stringEnd(text, start);
      yield { kind: 'string', start, end: at };
    } else {
      while (at < text.length && !(PUNCTUATION + SPACE).includes(text[at] as string)) at += 1;
      yield { kind: 'literal', start, end: at };
    }
  }
}

/** The end of the string whose quote is at `start`. */
function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

function depthChange({ kind }: Token): number {
  if (kind === '{' || kind === '[') return 1;
  return kind === '}' || kind === ']' ? -1 : 0;
}

/** Parses a response of the API, but keeps each `payload` as the JSON text that it is. Throws SyntaxError. */
export function parseKeepingPayloads(text: string): unknown {
  const pieces: string[] = [];
  let copied = 0;
  let named = false;
  let valueStart = -1;
  let depth = 0;
  for (const token of tokensOf(text)) {
    if (valueStart === -2) valueStart = token.start;
    if (valueStart >= 0) {
      depth += depthChange(token);
      if (depth > 0) continue;
      const raw = text.slice(valueStart, token.end);
      pieces.push(text.slice(copied, valueStart), raw === 'null' ? raw : JSON.stringify(raw));
      copied = token.end;
      valueStart = -1;
    } else if (named && token.kind === ':') valueStart = -2;
    named = token.end - token.start === KEPT.length && text.startsWith(KEPT, token.start);
  }
  return JSON.parse(pieces.join('') + text.slice(copied));
}

/** Returns JSON with one member a line; null where it would have more than `lengthMax` characters. Values stay as they are written. */
export function indented(json: string, lengthMax: number): string | null {
  const pieces: string[] = [];
  let length = 0;
  let depth = 0;
  let before: Token['kind'] | null = null;
  const line = (): string => `\n${'  '.repeat(Math.min(depth, INDENTED_LEVELS_MAX))}`;
  for (const token of tokensOf(json)) {
    const change = depthChange(token);
    if (change === -1) depth -= 1;
    const opened = before === '{' || before === '[';
    const breaks = before === ',' || (change === -1 ? !opened : opened);
    const piece =
      (breaks ? line() : '') + json.slice(token.start, token.end) + (token.kind === ':' ? ' ' : '');
    if (change === 1) depth += 1;
    before = token.kind;
    pieces.push(piece);
    length += piece.length;
    if (length > lengthMax) return null;
  }
  return pieces.join('');
}

/** One value that differs between two JSON texts; null where one has none at this path. */
export interface Difference {
  /** Such as `contacts[0].name`; empty for the whole. */
  readonly path: string;
  readonly first: string | null;
  readonly second: string | null;
}

/** Returns the values that differ, in the order in which the first text has them, then those of the second alone. */
export function differences(first: string, second: string): Difference[] {
  const [before, after] = [valuesOf(first), valuesOf(second)];
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths]
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => ({ path, first: before.get(path) ?? null, second: after.get(path) ?? null }));
}

/** A container that is open: the path of it, and of the value that comes next. */
interface Level {
  readonly path: string;
  readonly isArray: boolean;
  index: number;
  name: string | null;
  empty: boolean;
}

/** The values of a JSON text that hold no others, by their paths, as they are written. */
function valuesOf(json: string): Map<string, string> {
  const values = new Map<string, string>();
  const levels: Level[] = [];
  for (const token of tokensOf(json)) {
    const level = levels.at(-1);
    const written = (): string => json.slice(token.start, token.end);
    if (token.kind === ',') {
      if (level === undefined) continue;
      level.index += 1;
      level.name = null;
    } else if (token.kind === '}' || token.kind === ']') {
      levels.pop();
      if (level?.empty === true) values.set(level.path, level.isArray ? '[]' : '{}');
    } else if (token.kind !== ':') {
      if (level !== undefined) level.empty = false;
      if (level?.isArray === false && level.name === null) level.name = nameOf(written());
      else {
        const path = level === undefined ? '' : pathIn(level);
        if (depthChange(token) === 0) values.set(path, written());
        else levels.push({ path, isArray: token.kind === '[', index: 0, name: null, empty: true });
      }
    }
  }
  return values;
}

function nameOf(written: string): string {
  return String(JSON.parse(written));
}

function pathIn({ path, isArray, index, name }: Level): string {
  if (isArray) return `${path}[${index}]`;
  // Another name could be taken for a path.
  if (name === null || !/^[\w-]+$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}
