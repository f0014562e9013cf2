// Where pages of a stream end: clients that began anywhere come to read the same pages, also where most numbers are not theirs.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { cutAtSharedEnd } from '../../app/http/stream/page-end.ts';

const STEP = 10;

/** A stream of these numbers, read page by page from after `start`, at most STEP a page. Returns where its pages end. */
function endsFrom(numbers: readonly number[], start: number): number[] {
  const ends: number[] = [];
  for (let cursor = start; ;) {
    const ahead = numbers.filter((number) => number > cursor);
    const entries = ahead
      .slice(0, STEP)
      .map((seq) => ({ seq, item: 'message' as const, json: '' }));
    const page = { entries, more: ahead.length > STEP, upTo: 0, lastSeq: 0 };
    const cut = cutAtSharedEnd(page, STEP);
    assert.deepEqual(cut.entries, entries.slice(0, cut.entries.length), 'nothing is left out');
    if (page.more) assert.ok(cut.more && cut.entries.length > 0, 'it goes on');
    const last = cut.entries.at(-1);
    if (last === undefined) return ends;
    ends.push(last.seq);
    cursor = last.seq;
  }
}

const dense = Array.from({ length: 500 }, (_, index) => index + 1);

describe('pages', () => {
  it('end at multiples where every number is there', () => {
    assert.deepEqual(endsFrom(dense, 0).slice(0, 3), [10, 20, 30]);
    assert.deepEqual(endsFrom(dense, 7).slice(0, 3), [10, 20, 30]);
    assert.deepEqual(endsFrom(dense, 10).slice(0, 3), [20, 30, 40]);
  });

  it('of the rest are not cut: everyone gets to the last number', () => {
    assert.deepEqual(endsFrom([1, 2, 3], 0), [3]);
    assert.deepEqual(endsFrom([9, 10, 11, 12], 0), [12]);
  });

  it('pass over a gap of a million numbers at once', () => {
    const far = dense.map((number) => number + 1_000_000);
    const ends = endsFrom([...dense.slice(0, 25), ...far], 0);
    assert.ok(ends.length < 70, String(ends.length));
  });

  it('come to be the same from any two places, and are not many more than without a cut', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 150, maxLength: 150 }),
        fc.nat(60),
        fc.nat(60),
        (even, gaps, one, other) => {
          // Gaps that are even on the whole: `even` numbers each, give or take.
          let at = 0;
          const numbers = gaps.map((gap) => (at += Math.max(1, Math.round((3 * even + gap) / 4))));
          const start = (place: number): number => numbers[place] ?? 0;
          const [first, second] = [endsFrom(numbers, start(one)), endsFrom(numbers, start(other))];
          const shared = first.filter((end) => second.includes(end));
          const met = first.indexOf(shared[0] ?? Number.NaN);
          assert.ok(met !== -1 && met < first.length - 1, 'before the last page');
          const from = first[met] ?? 0;
          assert.deepEqual(
            first.slice(met),
            second.filter((end) => end >= from),
          );
          assert.ok(first.length <= 2 + (2.5 * numbers.length) / STEP, String(first.length));
        },
      ),
      { numRuns: 200 },
    );
  });
});
