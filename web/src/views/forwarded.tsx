// What became of an item at each destination. There is nothing to see where no destination wants it.
import { formatCount } from '../format.ts';
import { getAttempts, type Attempts } from '../forward-api.ts';
import { ATTEMPT_WORDS } from '../forwards.ts';
import { Icon } from '../icon.tsx';
import { Time } from '../instant.tsx';
import { usePolled } from '../polled.ts';
import { hrefOf } from '../route.ts';

const POLL_MS = 5_000;

/** `seq`: the number of the item. Another item needs another key. */
export function Forwarded({ seq }: { seq: number }) {
  const { data, error } = usePolled(String(seq), POLL_MS, (signal) => getAttempts(seq, signal));
  if (error !== null && data === null)
    return <p class="bad-text">Its forwarding cannot be loaded: {error.message}.</p>;
  if (data === null || data.length === 0) return null;
  return (
    <section aria-labelledby="forwarded">
      <h3 id="forwarded">Forwarding</h3>
      <ul class="forwarded">
        {data.map((attempts) => (
          <Entry key={attempts.name} attempts={attempts} />
        ))}
      </ul>
    </section>
  );
}

function Entry({ attempts: found }: { attempts: Attempts }) {
  const { name, state, attempts, error } = found;
  const [words, tone, icon] = ATTEMPT_WORDS[state];
  return (
    <li class={tone}>
      <Icon name={icon} />
      <div>
        <p class="breaking">
          <a href={hrefOf('forwarding', { name })}>{name}</a> {words}
        </p>
        {attempts > 0 && (
          <p class="muted small-text">
            {formatCount(attempts)} {attempts === 1 ? 'attempt' : 'attempts'}
            <Instant words="first" ts={found.first_attempt_at} />
            {attempts > 1 && <Instant words="last" ts={found.last_attempt_at} />}
            <Instant words="next" ts={stillToCome(found.next_attempt_at)} />
          </p>
        )}
        {error !== null && <p class="small-text breaking">{error}</p>}
      </div>
    </li>
  );
}

/** A destination that is slowed or disabled keeps what is due waiting: such a time says nothing. */
function stillToCome(ts: string | null): string | null {
  return ts !== null && Date.parse(ts) > Date.now() ? ts : null;
}

function Instant({ words, ts }: { words: string; ts: string | null }) {
  if (ts === null) return null;
  return (
    <>
      , {words} <Time ts={ts} />
    </>
  );
}
