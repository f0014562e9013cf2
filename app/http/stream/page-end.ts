// Where pages of a stream end, so that clients that began at different positions come to read the same pages.
import type { StreamPage } from '../../model/stream.ts';

/**
 * Returns a page that others follow, up to the roundest number in it: the multiple of the greatest power of two times `step`. Pages that
 * overlap are so cut at the same number, wherever they begin, also where most numbers are those of another scope. A page is cut by
 * more than half at most once: the next round number is then further away than half of it.
 */
export function cutAtSharedEnd(
  page: StreamPage,
  step: number,
): Pick<StreamPage, 'entries' | 'more'> {
  const { entries, more } = page;
  const [first] = entries;
  const last = entries.at(-1);
  if (!more || first === undefined || last === undefined) return { entries, more };
  const end = roundestIn(first.seq, last.seq, step);
  return end === null
    ? { entries, more }
    : { entries: entries.filter(({ seq }) => seq <= end), more };
}

/** Returns the roundest number from `first` to `last`; null where no multiple of `step` is there. */
function roundestIn(first: number, last: number, step: number): number | null {
  const multiple = (unit: number): number => Math.floor(last / unit) * unit;
  if (multiple(step) < first) return null;
  let unit = step;
  while (multiple(unit * 2) >= first) unit *= 2;
  return multiple(unit);
}
