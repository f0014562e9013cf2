// Reads the project's own pages: their sections, their tables, and their fenced blocks.
import { readFileSync } from 'node:fs';

/** The text of a page, by its path from the root of the project. */
export function page(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

/** The sections of a page by their heading of the second level, without the marks around code. */
export function sectionsOf(text: string): Map<string, string> {
  const sections = text
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const end = section.indexOf('\n');
      return [section.slice(0, end).replaceAll('`', ''), section.slice(end)] as const;
    });
  if (new Set(sections.map(([name]) => name)).size !== sections.length)
    throw new Error('two sections have the same heading');
  return new Map(sections);
}

/** A row of a table by the heads of its columns; a cell that is code alone is without its marks. */
export type Row = Readonly<Record<string, string>>;

/** The rows of every table whose first column has this head. Throws where there is none: an empty comparison would pass. */
export function tableOf(text: string, head: string): Row[] {
  const rows = tablesOf(text)
    .filter(([heads]) => heads?.[0] === head)
    .flatMap(([heads = [], , ...cells]) =>
      cells.map((row) => Object.fromEntries(heads.map((name, at) => [name, row[at] ?? '']))),
    );
  if (rows.length === 0) throw new Error(`no table whose first column is "${head}"`);
  return rows;
}

/** Whether there is such a table. */
export function hasTable(text: string, head: string): boolean {
  return tablesOf(text).some(([heads]) => heads?.[0] === head);
}

function tablesOf(text: string): string[][][] {
  return [...text.matchAll(/(?:^\|.*\n)+/gm)].map(([table]) =>
    table
      .trimEnd()
      .split('\n')
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim().replace(/^`([^`]*)`$/, '$1')),
      ),
  );
}

/** The pieces of code in a cell. */
export function codeIn(cell: string): string[] {
  const pieces = [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
  return pieces.length > 0 ? pieces : cell === '' ? [] : [cell];
}

export interface Block {
  readonly language: string;
  readonly text: string;
  /** What stands between the block before and this one. */
  readonly before: string;
}

/** The fenced blocks of a page, in order. */
export function blocksOf(text: string): Block[] {
  let end = 0;
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map((match) => {
    const [whole, language = '', block = ''] = match;
    const before = text.slice(end, match.index);
    end = match.index + whole.length;
    return { language, text: block, before };
  });
}
