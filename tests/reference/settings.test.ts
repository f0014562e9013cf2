// docs/reference/settings.md against the settings of the code: their names and defaults, in both directions.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { FORWARD_DEFAULTS } from '../../app/config/forwards.ts';
import { SETTINGS } from '../../app/config/settings.ts';
import { SOURCE_SETTINGS } from '../../app/config/sources.ts';
import { codeIn, page, tableOf } from '../support/markdown.ts';

it('the page has exactly the settings, with their defaults', () => {
  const told = tableOf(page('docs/reference/settings.md'), 'variable').map(
    ({ variable = '', default: value = '' }): [string, string | null] => [
      variable,
      value === 'none' ? null : value,
    ],
  );
  const known = SETTINGS.map(({ name, default: value }): [string, string | null] => [name, value]);
  assert.equal(new Map(told).size, told.length, 'a setting has two rows');
  assert.deepEqual(new Map(told), new Map(known));
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

it('the page has exactly the settings of destinations, with their defaults', () => {
  const told = tableOf(page('docs/reference/settings.md'), 'destination setting').map(
    ({ 'destination setting': setting = '', default: value = '' }): [string, string | null] => [
      setting,
      value === 'none' ? null : value,
    ],
  );
  assert.equal(new Map(told).size, told.length, 'a setting has two rows');
  assert.deepEqual(new Map(told), new Map(Object.entries(FORWARD_DEFAULTS)));
});
