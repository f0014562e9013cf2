// The kinds of reads that are measured, and what each answer's total must be.
import { COMMON_WORD, RARE_WORD, TWO_LETTERS, busySender, phrase, planted } from './corpus.ts';
import { YEAR_MS, YEAR_START_MS } from './fill.ts';

export interface Kind {
  readonly name: string;
  /** The path of the read number `index` on a table of `rows` messages. */
  readonly path: (index: number, rows: number) => string;
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
