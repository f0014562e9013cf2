// The formats of export and import: NDJSON, and CSV as in RFC 4180.
import { extname } from 'node:path';
import type { ArchivedMessage } from '../../storage/archive.ts';
import { messageLine } from './archive-lines.ts';

export const FORMATS = ['ndjson', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

/**
 * The columns of CSV. They are those of the webhook: a spreadsheet is for reading, and programs count on them. The names of sources are in
 * the ids; what else items of named sources have is in NDJSON only.
 */
const COLUMNS = ['message_id', 'from', 'to', 'ts', 'text', 'created_at'] as const;

/** Returns the format of the file's extension; NDJSON for any other, and where there is no file. */
export function formatOf(file: string | undefined): Format {
  return extname(file ?? '').toLowerCase() === '.csv' ? 'csv' : 'ndjson';
}

/** Returns what precedes the first message. */
export function headOf(format: Format, spreadsheet: boolean): string {
  if (format === 'ndjson') return '';
  const names = COLUMNS.map((name) => (spreadsheet && isGuarded(name) ? SAFE_PREFIX + name : name));
  // Without a byte order mark spreadsheets do not read the file as UTF-8.
  return `${spreadsheet ? '\uFEFF' : ''}${names.join(',')}\r\n`;
}

/** Returns one message as a line of the file, or more where its text has line ends; line end included. */
export function lineOf(message: ArchivedMessage, format: Format, spreadsheet: boolean): string {
  if (format === 'ndjson') return messageLine(message);
  const cells = COLUMNS.map((name) => {
    const value = message[name];
    return cell(spreadsheet && value !== null && isGuarded(name) ? guarded(value) : value);
  });
  return `${cells.join(',')}\r\n`;
}

/** Null is an empty cell; an empty text is a pair of quotes. */
function cell(value: string | null): string {
  if (value === null) return '';
  return value === '' || /[",\r\n]|^\s|\s$/.test(value)
    ? `"${value.replaceAll('"', '""')}"`
    : value;
}

/** Prefix of a heading whose cells are guarded. An import removes the guard. */
const SAFE_PREFIX = 'safe_';
const GUARD = "'";
/**
 * Where a spreadsheet may see a formula begin, or a guard is: at the begin of a text, and behind what it may take for the end of a cell or
 * row. Where the comma is for decimals that is a semicolon, and then quotes inside a cell mean nothing.
 */
const FORMULA = /(?<=^|[;\t\r\n])(?=[=+\-@\t\r\n'＝＋－＠])/g;
const GUARDED = /(?<=^|[;\t\r\n])'/g;

function isGuarded(name: (typeof COLUMNS)[number]): boolean {
  return name !== 'ts' && name !== 'created_at';
}

function guarded(value: string): string {
  return value.replaceAll(FORMULA, GUARD);
}

/** Returns the column of a heading, and whether its cells are guarded; null for an unknown one. */
export function columnOf(heading: string): { name: string; guarded: boolean } | null {
  const isSafe = heading.startsWith(SAFE_PREFIX);
  const name = isSafe ? heading.slice(SAFE_PREFIX.length) : heading;
  return COLUMNS.some((known) => known === name) ? { name, guarded: isSafe } : null;
}

/** Returns a cell without its guards. */
export function unguarded(value: string): string {
  return value.replaceAll(GUARDED, '');
}
