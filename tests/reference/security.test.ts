// SECURITY.md: every threat has a defence, and tests that are there.
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { codeIn, page, tableOf } from '../support/markdown.ts';

const TESTS = fileURLToPath(new URL('..', import.meta.url));

describe('a threat in SECURITY.md', () => {
  for (const { threat = '', defence = '', test = '' } of tableOf(page('SECURITY.md'), 'threat'))
    it(`has a defence and tests: ${threat}`, () => {
      assert.notEqual(defence, '');
      const named = codeIn(test);
      assert.notEqual(named.length, 0);
      const missing = named.filter(
        (path) => !path.endsWith('.test.ts') || globSync(path, { cwd: TESTS }).length === 0,
      );
      assert.deepEqual(missing, []);
    });
});
