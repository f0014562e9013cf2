// An instant in the viewer's zone, with the instant as it was sent on hover.
import { formatInstant, formatInstantFully, formatInstantParts } from './format.ts';

export function Time({ ts, fully = false }: { ts: string; fully?: boolean }) {
  return (
    <time dateTime={ts} title={`${ts} (UTC)`}>
      {fully ? formatInstantFully(ts) : formatInstant(ts)}
    </time>
  );
}

/** The instant of a row: the date above the time where there is room for two lines. */
export function RowTime({ ts }: { ts: string }) {
  return (
    <time class="row-time" dateTime={ts} title={`${ts} (UTC)`}>
      {formatInstantParts(ts).map((part, index) => (
        <span key={index}>{part} </span>
      ))}
    </time>
  );
}
