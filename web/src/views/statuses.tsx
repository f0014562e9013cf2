// What became of a message, as a small timeline.
import { Icon } from '../icon.tsx';
import { Time } from '../instant.tsx';
import type { FullEvent } from '../item-api.ts';
import { hrefOf } from '../route.ts';
import { isFailure, statusOf } from '../status.ts';

/** They are shown by their own time: providers send them in any order. */
export function Statuses({ events }: { events: readonly FullEvent[] }) {
  const ordered = events.toSorted((a, b) => Date.parse(a.ts) - Date.parse(b.ts) || a.seq - b.seq);
  return (
    <section aria-labelledby="statuses">
      <h3 id="statuses">Statuses</h3>
      <ol class="steps">
        {ordered.map((event) => {
          const status = statusOf(event);
          const failed = isFailure(status);
          return (
            <li key={event.event_id} class={failed ? 'bad' : 'good'}>
              <Icon name={failed ? 'bad' : 'ok'} />
              <a href={hrefOf('events', { id: event.event_id })}>{status ?? event.type}</a>
              <Time ts={event.ts} />
            </li>
          );
        })}
      </ol>
    </section>
  );
}
