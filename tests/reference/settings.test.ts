// docs/reference/settings.md against the settings of the code: their names and defaults, in both directions.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { FORWARD_DEFAULTS } from '../../app/config/forwards.ts';
import { SETTINGS } from '../../app/config/settings.ts';
import { SOURCE_SETTINGS } from '../../app/config/sources.ts';
import { codeIn, page, tableOf } from '../support/markdown.ts';

/** The defaults of the table whose first column has this head, by name. */
function defaultsIn(head: string): Map<string, string | null> {
  const told = tableOf(page('docs/reference/settings.md'), head).map(
    ({ [head]: name = '', default: value = '' }): [string, string | null] => [
      name,
      value === 'none' ? null : value,
    ],
  );
  assert.equal(new Map(told).size, told.length, 'a setting has two rows');
  return new Map(told);
}

it('the page has exactly the settings, with their defaults', () => {
  const known = SETTINGS.map(({ name, default: value }): [string, string | null] => [name, value]);
  assert.deepEqual(defaultsIn('variable'), new Map(known));
});

it('the page has exactly the settings of destinations, with their defaults', () => {
  assert.deepEqual(defaultsIn('of a destination'), new Map(Object.entries(FORWARD_DEFAULTS)));
});

it('the page has exactly the settings of named sources, with the schemes that have them', () => {
  const schemes = new Set([...SOURCE_SETTINGS.values()].flat());
  const told = tableOf(page('docs/reference/settings.md'), 'setting').map(
    ({ setting = '', schemes: of = '' }): [string, string[]] => [
      setting,
      (of === 'all' ? [...schemes] : codeIn(of)).toSorted(),
    ],
  );
  const known = [...SOURCE_SETTINGS].map(([name, of]): [string, string[]] => [name, of.toSorted()]);
  assert.equal(new Map(told).size, told.length, 'a setting has two rows');
  assert.deepEqual(new Map(told), new Map(known));
});
