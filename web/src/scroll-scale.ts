// How a list of any height is scrolled within the height that browsers can scroll: exactly near both ends, in proportion between.

/** Browsers cannot lay out much more than this, at any zoom. */
const HEIGHT_PX_MAX = 8_000_000;
/** So far from either end a pixel of the scrollbar is a pixel of the list. */
const EXACT_PX = 200_000;
/**
 * Who drags the scrollbar moves it by one of its pixels at least, or by half of one on a finer screen. What moves the list
 * by less is the wheel, a finger or a key.
 */
const DRAGGED_PIXELS_MIN = 0.45;

/** Where a list is scrolled to: in the browser's pixels, and in those of the whole list. */
export interface Place {
  readonly scrollTop: number;
  readonly topPx: number;
}

export class ScrollScale {
  /** Height to give to what is scrolled. */
  readonly innerPx: number;
  /** The furthest that the whole list can be scrolled. */
  readonly topMax: number;
  readonly #scrollMax: number;
  readonly #fineMax: number;
  /** Pixels of the list for each of the scrollbar, away from the ends; 1 where the list is short enough. */
  readonly #ratio: number;

  /** `fullPx`: height of all rows. `heightPx`: height in sight. */
  constructor(fullPx: number, heightPx: number) {
    this.innerPx = Math.max(heightPx, Math.min(fullPx, HEIGHT_PX_MAX));
    this.topMax = Math.max(0, fullPx - heightPx);
    this.#scrollMax = this.innerPx - heightPx;
    const exact = fullPx <= HEIGHT_PX_MAX;
    this.#ratio = exact ? 1 : (this.topMax - 2 * EXACT_PX) / (this.#scrollMax - 2 * EXACT_PX);
    this.#fineMax = exact ? 0 : (DRAGGED_PIXELS_MIN * this.innerPx) / heightPx;
  }

  /** The place of the list for one of the scrollbar. */
  toTop(scrollTop: number): number {
    const scrolled = Math.min(this.#scrollMax, Math.max(0, scrollTop));
    if (this.#ratio === 1 || scrolled <= EXACT_PX) return Math.min(scrolled, this.topMax);
    const left = this.#scrollMax - scrolled;
    if (left <= EXACT_PX) return this.topMax - left;
    return EXACT_PX + (scrolled - EXACT_PX) * this.#ratio;
  }

  /** The place of the scrollbar for one of the list. */
  toScroll(topPx: number): number {
    const top = Math.min(this.topMax, Math.max(0, topPx));
    if (this.#ratio === 1 || top <= EXACT_PX) return top;
    const left = this.topMax - top;
    if (left <= EXACT_PX) return this.#scrollMax - left;
    return EXACT_PX + (top - EXACT_PX) / this.#ratio;
  }

  /** A place of the list with the place of the scrollbar that belongs to it. */
  at(topPx: number): Place {
    const top = Math.min(this.topMax, Math.max(0, topPx));
    return { scrollTop: this.toScroll(top), topPx: top };
  }

  /**
   * Where the list is after the browser has scrolled to `scrollTop`: a small movement moves the rows by as much,
   * a large one is the scrollbar being dragged, or a jump.
   */
  moved(before: Place, scrollTop: number): Place {
    const by = scrollTop - before.scrollTop;
    if (Math.abs(by) >= this.#fineMax) return { scrollTop, topPx: this.toTop(scrollTop) };
    const topPx = Math.min(this.topMax, Math.max(0, before.topPx + by));
    return { scrollTop, topPx };
  }

  /** Whether the scrollbar has reached an end that the list has not, so that it could not be scrolled on. */
  stuck({ scrollTop, topPx }: Place): boolean {
    return (
      (scrollTop <= 0 && topPx > 0) || (scrollTop >= this.#scrollMax - 1 && topPx < this.topMax - 1)
    );
  }
}
