// The rules of the specification, written a second time and in another way: by hand over code points, without a pattern and without a library.
import type { Stored } from '../support/message.ts';

/** The names of the fields that break a rule of the specification, for a parsed body that is an object. */
export function faultyFields(body: Record<string, unknown>): string[] {
  const rules: [string, (value: unknown) => boolean][] = [
    ['message_id', (value) => isString(value, 1, 512)],
    ['from', isPhone],
    ['to', isPhone],
    ['ts', isInstant],
    ['text', (value) => value === undefined || value === null || isString(value, 0, 4096)],
  ];
  return rules
    .filter(([name, fits]) => !fits(Object.hasOwn(body, name) ? body[name] : undefined))
    .map(([name]) => name);
}

/** The code points of a string; a lone surrogate stands for itself. */
function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0);
}

/**
 * A number of nanoseconds since the year 0 that orders instants as time does.
 * Takes a valid instant in the grammar of `ts`.
 */
export function nanosecondsOf(ts: string): bigint {
  const number = (from: number, to: number): number => Number(ts.slice(from, to));
  const days = daysBefore(number(0, 4), number(5, 7)) + number(8, 10);
  const seconds =
    BigInt(days) * 86_400n + BigInt(number(11, 13) * 3600 + number(14, 16) * 60 + number(17, 19));
  const fraction = ts.length > 20 ? ts.slice(20, -1) : '';
  return seconds * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
}

/** The whole list by the words of the specification: by instant, then by the UTF-8 bytes of the id. */
export function inOrder(messages: readonly Stored[]): Stored[] {
  const keyed = messages.map((stored) => {
    return { stored, at: nanosecondsOf(stored.ts), id: Buffer.from(stored.message_id) };
  });
  keyed.sort((a, b) => (a.at === b.at ? Buffer.compare(a.id, b.id) : a.at < b.at ? -1 : 1));
  return keyed.map(({ stored }) => stored);
}

/** A text with case set aside, code point by code point, in normal form C. */
export function fold(text: string): string {
  return Array.from(text, (character) => character.toLowerCase())
    .join('')
    .normalize('NFC');
}

/** Whether a text contains another when case and normal forms are set aside. */
export function contains(text: string, part: string): boolean {
  const [where, what] = [Array.from(fold(text)), Array.from(fold(part))];
  return where.some((_, start) => what.every((each, index) => where[start + index] === each));
}

function isString(value: unknown, min: number, max: number): value is string {
  if (typeof value !== 'string') return false;
  const points = codePoints(value);
  return (
    points.length >= min &&
    points.length <= max &&
    points.every((point) => point < 0xd800 || point > 0xdfff)
  );
}

function isPhone(value: unknown): boolean {
  if (!isString(value, 2, 64)) return false;
  const [plus, ...digits] = codePoints(value);
  return plus === 0x2b && digits.every(isDigit);
}

function isDigit(point: number): boolean {
  return point >= 0x30 && point <= 0x39;
}

function isInstant(value: unknown): boolean {
  if (!isString(value, 20, 30) || !value.endsWith('Z')) return false;
  const model = '0000-00-00T00:00:00';
  for (const [index, point] of codePoints(model).entries()) {
    const given = value.charCodeAt(index);
    if (isDigit(point) ? !isDigit(given) : given !== point) return false;
  }
  const fraction = value.slice(model.length, -1);
  if (
    fraction !== '' &&
    (!fraction.startsWith('.') ||
      fraction.length < 2 ||
      !codePoints(fraction.slice(1)).every(isDigit))
  )
    return false;
  const part = (from: number, to: number): number => Number(value.slice(from, to));
  const [year, month, day] = [part(0, 4), part(5, 7), part(8, 10)];
  const dated = year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= lengthOf(year, month);
  return dated && part(11, 13) <= 23 && part(14, 16) <= 59 && part(17, 19) <= 59;
}

function lengthOf(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function isLeap(year: number): boolean {
  if (year % 100 === 0) return year % 400 === 0;
  return year % 4 === 0;
}

/** The days from the start of year 1 to the start of this month, counted one month after the other. */
function daysBefore(year: number, month: number): number {
  const last = year - 1;
  let days = last * 365 + Math.floor(last / 4) - Math.floor(last / 100) + Math.floor(last / 400);
  for (let before = 1; before < month; before += 1) days += lengthOf(year, before);
  return days;
}
