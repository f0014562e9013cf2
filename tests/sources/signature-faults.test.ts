// Refused signatures: which fault they have, and what the log is told of the mistake behind them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BODY, KEY, UNTIMED_ROWS } from './signature-fault-cases.ts';
import { NOW_MS, postOf, sourceOf } from './signed.ts';
import { TIMED_ROWS } from './timed-fault-cases.ts';

describe('a refused signature', () => {
  for (const { scheme, what, headers, fault, hint, secret = KEY } of [
    ...UNTIMED_ROWS,
    ...TIMED_ROWS,
  ])
    it(`${scheme}: ${what} is ${fault}`, () => {
      const verdict = sourceOf(scheme, secret).verify(postOf(headers, BODY), NOW_MS);
      assert.ok('fault' in verdict);
      assert.equal(verdict.fault, fault);
      if (hint === null) assert.equal(verdict.hint, null);
      else assert.match(verdict.hint ?? '', hint);
      // Nothing of what was sent, or should have been, may be read in a log.
      assert.doesNotMatch(verdict.hint ?? '', /[0-9a-f]{20}|[A-Za-z0-9+/]{28}/);
    });
});
