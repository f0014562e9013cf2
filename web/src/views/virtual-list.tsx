// A list of any length of which only what is in sight is drawn, for keyboard, wheel, touch and scrollbar.
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

/** Browsers cannot scroll much further than this; a longer list is scrolled in proportion. */
const HEIGHT_PX_MAX = 8_000_000;
/** Movements up to this many times the height in sight are the wheel, a finger or a key, and move row by row. */
const FINE_SCREENS = 3;

interface VirtualListProps {
  readonly label: string;
  readonly total: number;
  readonly rowHeightPx: number;
  readonly selected: number | null;
  readonly onSelect: (index: number) => void;
  /** Called with the rows that come into sight. */
  readonly onRange: (first: number, last: number) => void;
  readonly row: (index: number) => ComponentChildren;
}

export function VirtualList(props: VirtualListProps) {
  const { label, total, rowHeightPx, selected, onSelect, onRange, row } = props;
  const box = useRef<HTMLDivElement>(null);
  const [heightPx, setHeightPx] = useState(600);
  const [top, setTop] = useState(0);
  const [active, setActive] = useState(0);
  const lastScroll = useRef(0);
  const fullPx = total * rowHeightPx;
  const innerPx = Math.max(heightPx, Math.min(fullPx, HEIGHT_PX_MAX));
  const topMax = Math.max(0, total - heightPx / rowHeightPx);
  const scrollMax = Math.max(1, innerPx - heightPx);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setHeightPx(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const first = Math.max(0, Math.floor(top) - 3);
  const last = Math.min(total - 1, Math.ceil(top + heightPx / rowHeightPx) + 3);
  useEffect(() => {
    if (last >= first) onRange(first, last);
  }, [first, last, total]);

  const scrolled = (): void => {
    const element = box.current;
    if (element === null) return;
    const by = element.scrollTop - lastScroll.current;
    lastScroll.current = element.scrollTop;
    const exact = fullPx <= HEIGHT_PX_MAX;
    const ends = element.scrollTop <= 0 || element.scrollTop >= scrollMax - 1;
    if (exact || ends || Math.abs(by) > heightPx * FINE_SCREENS)
      setTop((element.scrollTop / scrollMax) * topMax);
    else setTop((before) => Math.min(topMax, Math.max(0, before + by / rowHeightPx)));
  };

  /** Moves the list so that a row is in sight, and the scrollbar to where that is. */
  const show = (index: number): void => {
    const inSight = heightPx / rowHeightPx;
    const wanted = index < top ? index : index + 1 > top + inSight ? index + 1 - inSight : top;
    if (wanted === top || box.current === null) return;
    const place = Math.min(topMax, Math.max(0, wanted));
    lastScroll.current = Math.round((place / Math.max(1e-9, topMax)) * scrollMax);
    box.current.scrollTop = lastScroll.current;
    setTop(place);
  };

  const pressed = (event: KeyboardEvent): void => {
    const screen = Math.max(1, Math.floor(heightPx / rowHeightPx) - 1);
    const moves: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + screen,
      PageUp: active - screen,
      Home: 0,
      End: total - 1,
    };
    if (event.key === 'Enter' || event.key === ' ') onSelect(active);
    const move = moves[event.key];
    if (move !== undefined) {
      const index = Math.min(total - 1, Math.max(0, move));
      setActive(index);
      show(index);
    }
    if (move !== undefined || event.key === 'Enter' || event.key === ' ') event.preventDefault();
  };

  const scrollTop = box.current?.scrollTop ?? 0;
  return (
    <div
      class="list"
      ref={box}
      role="listbox"
      tabIndex={0}
      aria-label={label}
      aria-activedescendant={active >= first && active <= last ? `row-${active}` : undefined}
      onScroll={scrolled}
      onKeyDown={pressed}
    >
      <div class="list-inner" role="presentation" style={{ height: `${innerPx}px` }}>
        {Array.from({ length: Math.max(0, last - first + 1) }, (_, place) => first + place).map(
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
                transform: `translateY(${scrollTop + (index - top) * rowHeightPx}px)`,
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
