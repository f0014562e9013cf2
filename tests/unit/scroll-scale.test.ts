// A list that is higher than browsers can scroll: every row can be reached, and small movements move by as much as asked.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { type Place, ScrollScale } from '../../web/src/scroll-scale.ts';

const ROW_PX = 48;
const heights = fc.integer({ min: 200, max: 2_500 });
const rows = fc.oneof(
  fc.integer({ min: 0, max: 200_000 }),
  fc.integer({ min: 200_000, max: 10_000_000 }),
);
const scales = fc
  .tuple(rows, heights)
  .map(([count, heightPx]) => ({ fullPx: count * ROW_PX, heightPx }));

describe('the scale of a long list', () => {
  it('is no higher than a browser can lay out, and reaches both ends', () => {
    fc.assert(
      fc.property(scales, ({ fullPx, heightPx }) => {
        const scale = new ScrollScale(fullPx, heightPx);
        assert.ok(scale.innerPx <= 8_000_000 && scale.innerPx >= heightPx);
        assert.equal(scale.topMax, Math.max(0, fullPx - heightPx));
        assert.equal(scale.toTop(0), 0);
        assert.equal(scale.toTop(scale.innerPx - heightPx), scale.topMax);
        assert.equal(scale.toScroll(0), 0);
        assert.equal(scale.toScroll(scale.topMax), scale.innerPx - heightPx);
      }),
    );
  });

  it('gives each place of the list one of the scrollbar, in the same order, and back', () => {
    const shares = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(scales, shares, shares, ({ fullPx, heightPx }, one, other) => {
        const scale = new ScrollScale(fullPx, heightPx);
        const [low, high] = [
          Math.min(one, other) * scale.topMax,
          Math.max(one, other) * scale.topMax,
        ];
        assert.ok(scale.toScroll(low) <= scale.toScroll(high));
        assert.ok(Math.abs(scale.toTop(scale.toScroll(low)) - low) < 0.01);
      }),
    );
  });

  it('moves the rows by as much as the wheel, however long the list, and never gets stuck before an end', () => {
    const turns = fc.array(fc.integer({ min: -1_500, max: 1_500 }), {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(
        fc.record({
          count: fc.integer({ min: 200_000, max: 10_000_000 }),
          start: fc.double({ min: 0, max: 1, noNaN: true }),
          turns,
        }),
        ({ count, start, turns: moves }) => {
          const scale = new ScrollScale(count * ROW_PX, 1_000);
          let place: Place = scale.at(start * scale.topMax);
          for (const by of moves) {
            const wanted = Math.min(scale.topMax, Math.max(0, place.topPx + by));
            // The browser stops at the ends of its own scrollbar.
            const scrollTop = Math.min(scale.innerPx - 1_000, Math.max(0, place.scrollTop + by));
            const next = scale.moved(place, scrollTop);
            if (scrollTop === place.scrollTop + by) assert.ok(Math.abs(next.topPx - wanted) < 0.01);
            place = scale.stuck(next) ? scale.at(next.topPx) : next;
            assert.ok(!scale.stuck(place), JSON.stringify(place));
          }
        },
      ),
    );
  });

  it('takes the place of the scrollbar when that is dragged', () => {
    const scale = new ScrollScale(10_000_000 * ROW_PX, 600);
    const middle = scale.moved({ scrollTop: 0, topPx: 0 }, (scale.innerPx - 600) / 2);
    assert.ok(Math.abs(middle.topPx / scale.topMax - 0.5) < 1e-6);
    assert.equal(scale.moved(middle, scale.innerPx - 600).topPx, scale.topMax);
  });
});
