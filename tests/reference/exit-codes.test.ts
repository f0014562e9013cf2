// docs/reference/exit-codes.md against the codes of the service and of the command, in both directions.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { EXIT } from '../../app/cli/exit.ts';
import { page, sectionsOf, tableOf } from '../support/markdown.ts';

const sections = sectionsOf(page('docs/reference/exit-codes.md'));

function toldIn(heading: string): number[] {
  return tableOf(sections.get(heading) ?? '', 'code')
    .map((row) => Number(row['code']))
    .toSorted((a, b) => a - b);
}

it('the page has exactly the codes of the command', () => {
  assert.deepEqual(
    toldIn('The command oncebox'),
    Object.values(EXIT).toSorted((a: number, b: number) => a - b),
  );
});

it('the page has exactly the codes that app/main.ts ends with', () => {
  // By its text: the codes are arguments of exits, some of them only of failures.
  const main = page('app/main.ts');
  const named = new Map(
    [...main.matchAll(/^const (EXIT_\w+) = (\d+);$/gm)].map(([, name, code]) => [name, code]),
  );
  const ends = [...main.matchAll(/(?<!function )\b(?:end|exit)\(([^)]*)\)/g)]
    .flatMap(([, argument = '']) => argument.split(/[?:]/).slice(argument.includes('?') ? 1 : 0))
    .map((argument) => argument.trim())
    .filter((argument) => argument !== 'code');
  const codes = ends.map((argument) => Number(named.get(argument) ?? argument));
  assert.ok(codes.every(Number.isInteger), `not understood: ${ends.join(', ')}`);
  assert.deepEqual(
    toldIn('The service'),
    [...new Set(codes)].toSorted((a, b) => a - b),
  );
});
