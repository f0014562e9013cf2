// Other contents that came under the id of a message, and what differs in each.
import { formatCount } from '../format.ts';
import { Time } from '../instant.tsx';
import { fieldsOf, type FullEvent, type FullMessage } from '../item-api.ts';
import { differences, type Difference } from '../json-tokens.ts';
import { hrefOf } from '../route.ts';

const SHOWN_MAX = 20;
const VALUE_LENGTH_MAX = 300;

interface ConflictsProps {
  readonly message: FullMessage;
  readonly conflicts: readonly FullEvent[];
}

export function Conflicts({ message, conflicts }: ConflictsProps) {
  const stored = message.payload ?? JSON.stringify(fieldsOf(message));
  return (
    <section aria-labelledby="conflicts">
      <h3 id="conflicts">Other content under this id</h3>
      <p class="muted small-text">
        The first content is kept as the message. What came later with the same id is kept here.
      </p>
      <ul class="conflicts">
        {conflicts.map((event) => (
          <li key={event.event_id}>
            <p>
              <a href={hrefOf('events', { id: event.event_id })}>
                Arrived <Time ts={event.received_at} />
              </a>
            </p>
            {event.payload === null ? (
              <p class="muted">It cannot be parsed.</p>
            ) : (
              <Differing found={differences(stored, event.payload)} />
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Differing({ found }: { found: readonly Difference[] }) {
  if (found.length === 0) return <p class="muted">Only its spelling differs.</p>;
  return (
    <>
      <dl class="differing">
        {found.slice(0, SHOWN_MAX).map(({ path, first, second }) => (
          <div key={path}>
            <dt class="mono breaking">{path === '' ? 'everything' : path}</dt>
            <dd>
              <span class="muted">first</span>
              <Value json={first} />
            </dd>
            <dd>
              <span class="muted">then</span>
              <Value json={second} />
            </dd>
          </div>
        ))}
      </dl>
      {found.length > SHOWN_MAX && (
        <p class="muted">and {formatCount(found.length - SHOWN_MAX)} more differences</p>
      )}
    </>
  );
}

function Value({ json }: { json: string | null }) {
  if (json === null) return <span class="muted">nothing</span>;
  const cut = json.length > VALUE_LENGTH_MAX ? `${json.slice(0, VALUE_LENGTH_MAX)}…` : json;
  return <span class="mono breaking">{cut}</span>;
}
