// A list of any length of which only what is in sight is drawn, for keyboard, wheel, touch and scrollbar.
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ScrollScale, type Place } from '../scroll-scale.ts';

/** Rows drawn beyond each end, for what the browser scrolls before the page has heard of it. */
const SPARE_ROWS = 6;
/** Once it has stood still for so long, the scrollbar is put where the list is. */
const STILL_MS = 160;

interface VirtualListProps {
  readonly label: string;
  readonly total: number;
  readonly rowHeightPx: number;
  readonly busy: boolean;
  readonly selected: number | null;
  readonly onSelect: (index: number) => void;
  /** Called with the rows that come into sight. */
  readonly onRange: (first: number, last: number) => void;
  readonly row: (index: number) => ComponentChildren;
}

export function VirtualList(props: VirtualListProps) {
  const { label, total, rowHeightPx, busy, selected, onSelect, onRange, row } = props;
  const { box, place, heightPx, scrolled, moveTo } = usePlace(total * rowHeightPx);
  const [active, setActive] = useState(0);
  const { topPx, scrollTop } = place;
  const first = Math.max(0, Math.floor(topPx / rowHeightPx) - SPARE_ROWS);
  const last = Math.min(total - 1, Math.ceil((topPx + heightPx) / rowHeightPx) + SPARE_ROWS);
  useEffect(() => {
    if (last >= first) onRange(first, last);
  }, [first, last, total]);

  /** Scrolls no further than it takes to have the row in sight. */
  const show = (index: number): void => {
    const startPx = index * rowHeightPx;
    if (startPx < topPx) moveTo(startPx);
    else if (startPx + rowHeightPx > topPx + heightPx) moveTo(startPx + rowHeightPx - heightPx);
  };

  const pressed = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      onSelect(active);
      return;
    }
    const screen = Math.max(1, Math.floor(heightPx / rowHeightPx) - 1);
    const moves: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + screen,
      PageUp: active - screen,
      Home: 0,
      End: total - 1,
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    const index = Math.min(total - 1, Math.max(0, move));
    setActive(index);
    show(index);
  };

  const startPx = Math.round(scrollTop - topPx);
  return (
    <div
      class="list"
      ref={box}
      role="listbox"
      tabIndex={0}
      aria-label={label}
      aria-busy={busy}
      aria-activedescendant={active >= first && active <= last ? `row-${active}` : undefined}
      onScroll={scrolled}
      onKeyDown={pressed}
    >
      <div class="list-inner" role="presentation">
        {Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index).map(
          (index) => (
            <div
              key={index}
              id={`row-${index}`}
              class={index === active ? 'row active' : 'row'}
              role="option"
              aria-selected={index === selected}
              aria-setsize={total}
              aria-posinset={index + 1}
              style={{
                height: `${rowHeightPx}px`,
                transform: `translateY(${startPx + index * rowHeightPx}px)`,
              }}
              onClick={() => {
                setActive(index);
                onSelect(index);
              }}
            >
              {row(index)}
            </div>
          ),
        )}
      </div>
    </div>
  );
}

/** Where a box that scrolls a list of `fullPx` is, and what moves it. */
function usePlace(fullPx: number) {
  const box = useRef<HTMLDivElement>(null);
  const [heightPx, setHeightPx] = useState(600);
  const scale = useMemo(() => new ScrollScale(fullPx, heightPx), [fullPx, heightPx]);
  const [place, setPlace] = useState<Place>({ scrollTop: 0, topPx: 0 });
  const latest = useRef(place);
  const still = useRef(0);

  const put = (next: Place): void => {
    latest.current = next;
    setPlace(next);
  };
  const moveTo = (topPx: number): void => {
    const element = box.current;
    if (element === null) return;
    const wanted = scale.at(topPx);
    if (Math.abs(element.scrollTop - wanted.scrollTop) >= 1) element.scrollTop = wanted.scrollTop;
    // The browser rounds; what it made of it is no movement of the list.
    put({ scrollTop: element.scrollTop, topPx: wanted.topPx });
  };
  const scrolled = (): void => {
    const element = box.current;
    if (element === null || element.scrollTop === latest.current.scrollTop) return;
    const next = scale.moved(latest.current, element.scrollTop);
    if (scale.stuck(next)) moveTo(next.topPx);
    else put(next);
    clearTimeout(still.current);
    still.current = window.setTimeout(() => {
      // A movement whose event is still to come counts: putting the scrollbar in place must not take it back.
      scrolled();
      moveTo(latest.current.topPx);
    }, STILL_MS);
  };

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setHeightPx(element.clientHeight));
    observer.observe(element);
    return () => {
      observer.disconnect();
      clearTimeout(still.current);
    };
  }, []);
  useLayoutEffect(() => {
    // Another height: the rows in sight stay, and the scrollbar goes where they are now.
    clearTimeout(still.current);
    const inner = box.current?.firstElementChild;
    if (inner instanceof HTMLElement) inner.style.height = `${scale.innerPx}px`;
    moveTo(latest.current.topPx);
  }, [scale]);
  return { box, place, heightPx, scrolled, moveTo };
}
