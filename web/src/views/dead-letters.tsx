// The dead letters of a destination, a page at a time: retried or discarded, those that were chosen or all.
import { useEffect, useState } from 'preact/hooks';
import { formatCount } from '../format.ts';
import { getDead, type DeadLetter, type Destination } from '../forward-api.ts';
import { Time } from '../instant.tsx';
import { usePolled } from '../polled.ts';
import { hrefOf } from '../route.ts';
import { DeadActions } from './dead-actions.tsx';
import { DeliveryButton } from './delivery-button.tsx';
import { Pager } from './pager.tsx';

const POLL_MS = 5_000;
const PAGE_ROWS = '50';

interface DeadLettersProps {
  readonly destination: Destination;
  /** Where the page begins; empty for the first page. */
  readonly cursor: string;
}

export function DeadLetters({ destination, cursor }: DeadLettersProps) {
  const { name } = destination;
  const [changes, setChanges] = useState(0);
  // What was chosen stays chosen while other letters come and go: no request may turn from some into all on its own.
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set());
  const query = new URLSearchParams({ ...(cursor === '' ? {} : { cursor }), limit: PAGE_ROWS });
  const { data, error } = usePolled(`${query}#${changes}`, POLL_MS, (signal) =>
    getDead(name, query, signal),
  );
  const letters = data?.data ?? [];
  useEffect(() => choose(new Set()), [cursor]);
  return (
    <section class="card dead" aria-labelledby="dead">
      <h2 id="dead">Dead letters</h2>
      {error !== null && (
        <p class="bad-text" role="alert">
          They cannot be loaded: {error.message}. This page retries automatically.
        </p>
      )}
      {data === null && error === null && <p class="muted">Loading</p>}
      <DeadActions
        destination={destination}
        chosen={[...chosen]}
        empty={letters.length === 0}
        changed={() => {
          choose(new Set());
          setChanges((before) => before + 1);
        }}
      />
      {data !== null && letters.length === 0 && <Empty started={cursor !== ''} />}
      {letters.length > 0 && <List letters={letters} chosen={chosen} choose={choose} />}
      <Pager
        first={cursor === '' ? null : hrefOf('forwarding', { name })}
        next={nextOf(name, data?.next_cursor ?? null)}
      />
    </section>
  );
}

function nextOf(name: string, cursor: string | null): string | null {
  return cursor === null ? null : hrefOf('forwarding', { name, cursor });
}

function Empty({ started }: { started: boolean }) {
  return (
    <p class="muted">
      {started
        ? 'There are no more.'
        : 'There are none. An item that could not be delivered until its last attempt appears here.'}
    </p>
  );
}

interface ListProps {
  readonly letters: readonly DeadLetter[];
  readonly chosen: ReadonlySet<string>;
  readonly choose: (ids: ReadonlySet<string>) => void;
}

function List({ letters, chosen, choose }: ListProps) {
  const every = letters.every(({ id }) => chosen.has(id));
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          checked={every}
          onChange={() => choose(new Set(every ? [] : letters.map(({ id }) => id)))}
        />
        Choose all on this page
      </label>
      <ol class="letters" aria-label="Dead letters">
        {letters.map((letter) => (
          <li key={letter.seq}>
            <input
              type="checkbox"
              aria-label={`Choose ${letter.id}`}
              checked={chosen.has(letter.id)}
              onChange={(event) =>
                choose(
                  new Set(
                    event.currentTarget.checked
                      ? [...chosen, letter.id]
                      : [...chosen].filter((id) => id !== letter.id),
                  ),
                )
              }
            />
            <Letter letter={letter} />
          </li>
        ))}
      </ol>
    </>
  );
}

function Letter({ letter }: { letter: DeadLetter }) {
  const { id, seq, source, type, party, attempts, first_attempt_at, last_attempt_at } = letter;
  return (
    <div class="letter">
      <p class="mono breaking">
        <Item id={id} type={type} />
      </p>
      <p class="muted small-text breaking">
        {source}, <span class="mono">{type}</span>
        {party !== null && (
          <>
            , <span class="mono">{party}</span>
          </>
        )}
      </p>
      <p class="breaking">{letter.error ?? 'The reason is not known.'}</p>
      <p class="muted small-text">
        {formatCount(attempts)} {attempts === 1 ? 'attempt' : 'attempts'}
        {first_attempt_at !== null && (
          <>
            , first <Time ts={first_attempt_at} />
          </>
        )}
        {last_attempt_at !== null && attempts > 1 && (
          <>
            , last <Time ts={last_attempt_at} />
          </>
        )}
      </p>
      {type === 'delivery' && <DeliveryButton number={seq} />}
    </div>
  );
}

function Item({ id, type }: { id: string; type: string }) {
  if (type === 'delivery') return <>{id}</>;
  const view = type.startsWith('event.') ? 'events' : 'message';
  return <a href={hrefOf(view, { id })}>{id}</a>;
}
