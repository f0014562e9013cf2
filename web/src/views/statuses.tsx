// What became of a message, as a small timeline.
import { Icon } from '../icon.tsx';
import { Time } from '../instant.tsx';
import type { FullEvent } from '../item-api.ts';
import { hrefOf } from '../route.ts';

/** What providers call a message that did not arrive. */
const FAILED: readonly string[] = ['failed', 'undelivered', 'canceled'];

/** They are shown by their own time: providers send them in any order. */
export function Statuses({ events }: { events: readonly FullEvent[] }) {
  const ordered = events.toSorted((a, b) => Date.parse(a.ts) - Date.parse(b.ts) || a.seq - b.seq);
  return (
    <section aria-labelledby="statuses">
      <h3 id="statuses">Statuses</h3>
      <ol class="steps">
        {ordered.map((event) => {
          const name = nameOf(event);
          const failed = FAILED.includes(name);
          return (
            <li key={event.event_id} class={failed ? 'bad' : 'good'}>
              <Icon name={failed ? 'bad' : 'ok'} />
              <a href={hrefOf('events', { id: event.event_id })}>{name}</a>
              <Time ts={event.ts} />
            </li>
          );
        })}
      </ol>
    </section>
  );
}

/** The status itself: what the id of the event adds to that of the message. */
function nameOf({ event_id: id, subject, type }: FullEvent): string {
  const name = subject !== null && id.startsWith(`${subject}:`) ? id.slice(subject.length + 1) : '';
  return name === '' ? type : name;
}
