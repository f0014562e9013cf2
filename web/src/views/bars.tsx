// The bars of the timeline, painted by uPlot in the colours of the theme.
import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef } from 'preact/hooks';
// Before uPlot, which throws where the browser's language is not a valid tag: this makes it one.
import { formatShort, formatTick } from '../format.ts';
import uPlot from 'uplot';
import type { Timeline } from '../api.ts';
import { useThemeVersion } from '../theme.tsx';

const HEIGHT_PX = 220;
const DIGIT_PX = 7.5;

interface BarsProps {
  readonly timeline: Timeline | null;
  /** The chart in words. */
  readonly label: string;
  /** Called with the bucket under the pointer; null when it leaves. */
  readonly over: (bucket: number | null) => void;
}

export function Bars({ timeline, label, over }: BarsProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const theme = useThemeVersion();
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const made = new uPlot(optionsFor(element, over), [[], []], element);
    plot.current = made;
    const observer = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: HEIGHT_PX }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [theme]);
  useEffect(() => {
    if (timeline === null) return;
    const start = Date.parse(timeline.from) / 1_000;
    const middles = timeline.counts.map((_, index) => start + (index + 0.5) * timeline.step);
    plot.current?.setData([middles, [...timeline.counts]], false);
    const end = start + timeline.counts.length * timeline.step;
    plot.current?.batch(() => {
      plot.current?.setScale('x', { min: start, max: end });
      plot.current?.setScale('y', { min: 0, max: Math.max(4, ...timeline.counts) * 1.08 });
    });
  }, [timeline, theme]);
  return <div class="bars" ref={place} role="img" aria-label={label} />;
}

function optionsFor(element: HTMLElement, over: BarsProps['over']): uPlot.Options {
  const axis = {
    stroke: colourOf(element, '--muted'),
    font: `12px ${getComputedStyle(element).fontFamily}`,
    ticks: { show: false },
  };
  const bar = colourOf(element, '--accent-bar');
  const bars = uPlot.paths.bars?.({ size: [0.8, 48], gap: 1, radius: 0.25 });
  return {
    width: element.clientWidth,
    height: HEIGHT_PX,
    legend: { show: false },
    padding: [8, 4, 0, 0],
    scales: { x: { time: true, auto: false }, y: { auto: false } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 28,
        space: 84,
        values: (_, splits, _axis, _space, stepSeconds) =>
          splits.map((at) => formatTick(at, stepSeconds)),
      },
      {
        ...axis,
        grid: { stroke: colourOf(element, '--line'), width: 1 },
        // As wide as its numbers, so that they begin where the heading does.
        size: (_: uPlot, values: readonly string[] | null) =>
          14 + DIGIT_PX * Math.max(1, ...(values ?? []).map(({ length }) => length)),
        space: 48,
        incrs: [
          1, 2, 5, 10, 20, 50, 1e2, 2e2, 5e2, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6,
          5e6, 1e7,
        ],
        values: (_, splits) => splits.map(formatShort),
      },
    ],
    series: [
      {},
      {
        fill: bar,
        stroke: bar,
        width: 0,
        points: { show: false },
        ...(bars === undefined ? {} : { paths: bars }),
      },
    ],
    cursor: { drag: { x: false, y: false }, y: false, points: { show: false } },
    hooks: {
      setCursor: [(self) => over(self.cursor.idx ?? null)],
    },
  };
}

/** A colour of the theme as a canvas takes it: what a property holds may depend on the theme, what is painted with it does not. */
function colourOf(element: HTMLElement, name: string): string {
  const probe = document.createElement('i');
  probe.style.color = `var(${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
