// An instant in the viewer's zone, with the instant as it was sent on hover.
import { formatInstant, formatInstantFully } from './format.ts';

export function Time({ ts, fully = false }: { ts: string; fully?: boolean }) {
  return (
    <time dateTime={ts} title={`${ts} (UTC)`}>
      {fully ? formatInstantFully(ts) : formatInstant(ts)}
    </time>
  );
}
