// JSON pointers (RFC 6901) into a body.
import { isObject } from './body.ts';
import type { RawJson } from './raw-json.ts';

/** The names and indexes of a pointer, from the outside. */
export type JsonPointer = readonly string[];

/** An index of an array: no sign, no leading zero. */
const INDEX = /^(?:0|[1-9][0-9]{0,8})$/;

/** Returns the pointer that a text writes; null where it is none. The empty pointer, which is the whole body, is none here. */
export function pointerOf(text: string): JsonPointer | null {
  if (!/^(?:\/(?:[^/~]|~[01])*)+$/.test(text)) return null;
  return text
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/**
 * Returns the text that a pointer leads to: a string that is not empty, or a number as it is written, whatever its size. Null where there is
 * neither, or no pointer.
 */
export function pointedText(json: RawJson, pointer: JsonPointer | null): string | null {
  if (pointer === null) return null;
  const value = pointer.reduce(step, json.value);
  if (typeof value === 'string') return value === '' ? null : value;
  if (typeof value !== 'number') return null;
  // A number may have more digits than parsing keeps.
  return Number.isSafeInteger(value) ? String(value) : writtenText(json, pointer);
}

function step(value: unknown, token: string): unknown {
  if (Array.isArray(value)) return INDEX.test(token) ? value[Number(token)] : undefined;
  return isObject(value) && Object.hasOwn(value, token) ? value[token] : undefined;
}

function writtenText(json: RawJson, pointer: JsonPointer): string | null {
  let at: RawJson | undefined = json;
  for (const token of pointer)
    at = at?.isArray === true ? elementAt(at, Number(token)) : at?.members().get(token);
  return at?.text ?? null;
}

function elementAt(array: RawJson, index: number): RawJson | undefined {
  const [element] = array.elements().drop(index);
  return element;
}
