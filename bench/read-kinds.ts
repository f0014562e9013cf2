// The kinds of reads that are measured, and what each answer's total must be.
import { COMMON_WORD, RARE_WORD, TWO_LETTERS, busySender, phrase, planted } from './corpus.ts';
import { YEAR_MS, YEAR_START_MS } from './fill.ts';
import { SOURCE, ofSource } from './source-items.ts';

export interface Kind {
  readonly name: string;
  /** The path of the read number `index` on a table of `rows` messages, of which some have these ids. */
  readonly path: (index: number, rows: number, ids: readonly string[]) => string;
  /** Whether it needs a table with named sources. */
  readonly sources?: true;
  /** What `total` must say; a wrong answer is not worth timing. */
  readonly total?: (rows: number) => number;
}

const instant = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const middle = (index: number): string => instant(YEAR_START_MS + YEAR_MS / 2 + index * 1_000);
const from = (index: number): string => encodeURIComponent(busySender(index));
const PHRASE = encodeURIComponent(phrase());
const YEAR = `from=${instant(YEAR_START_MS)}&to=${instant(YEAR_START_MS + YEAR_MS)}`;

export const KINDS: readonly Kind[] = [
  { name: 'limit=50', path: () => '/messages?limit=50', total: (rows) => rows },
  { name: 'from', path: (index) => `/messages?from=${from(index)}` },
  { name: 'since', path: (index) => `/messages?since=${middle(index)}` },
  {
    name: 'from and since',
    path: (index) => `/messages?from=${from(index)}&since=${middle(index)}`,
  },
  {
    name: 'offset at 90 %',
    path: (index, rows) => `/messages?offset=${Math.floor(rows * 0.9) + index}`,
    total: (rows) => rows,
  },
  {
    name: 'until',
    path: (index) => `/messages?until=${middle(index)}`,
  },
  { name: 'newest first', path: () => '/messages?order=desc', total: (rows) => rows },
  {
    name: 'newest first, offset at 90 %',
    path: (index, rows) => `/messages?order=desc&offset=${Math.floor(rows * 0.9) + index}`,
    total: (rows) => rows,
  },
  {
    name: 'newest first, from, until',
    path: (index) => `/messages?order=desc&from=${from(index)}&until=${middle(index)}`,
  },
  { name: 'source=default', path: () => '/messages?source=default' },
  {
    name: 'one source, newest first',
    path: () => `/messages?source=${SOURCE}&order=desc`,
    total: ofSource,
    sources: true,
  },
  {
    name: 'one source, offset at 90 %',
    path: (index, rows) =>
      `/messages?source=${SOURCE}&offset=${Math.floor(ofSource(rows) * 0.9) + (index % 100)}`,
    total: ofSource,
    sources: true,
  },
  {
    name: 'one source, from',
    path: (index) => `/messages?source=${SOURCE}&from=${from(index)}`,
    sources: true,
  },
  { name: 'message by id', path: (index, _rows, ids) => `/message?id=${ids[index % ids.length]}` },
  { name: 'events', path: () => '/events', sources: true },
  {
    name: 'events, newest first, until',
    path: (index) => `/events?order=desc&until=${middle(index)}`,
    sources: true,
  },
  {
    name: 'events of a type, newest first',
    path: (index) => `/events?type=status&order=desc&until=${middle(index)}`,
    sources: true,
  },
  {
    name: 'events of a subject',
    path: (index, rows) => `/events?subject=${SOURCE}%3Am${index % ofSource(rows)}`,
    sources: true,
  },
  { name: '/sources', path: () => '/sources' },
  { name: '/stats', path: () => '/stats' },
  { name: 'timeline of a year', path: () => `/stats/timeline?${YEAR}` },
  {
    name: 'q rare',
    path: () => `/messages?q=${RARE_WORD}`,
    total: (rows) => planted(rows).rare,
  },
  {
    name: 'q common',
    path: () => `/messages?q=${COMMON_WORD}`,
    total: (rows) => planted(rows).common,
  },
  { name: 'q phrase', path: () => `/messages?q=${PHRASE}` },
  {
    name: 'q two letters',
    path: () => `/messages?q=${TWO_LETTERS}`,
    total: (rows) => planted(rows).common,
  },
];
