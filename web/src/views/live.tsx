// The live tail: messages as they are committed, the newest on top, with a pause.
import { useEffect, useRef, useState } from 'preact/hooks';
import { formatCount, formatRate } from '../format.ts';
import { Icon } from '../icon.tsx';
import { RowTime } from '../instant.tsx';
import { follow, type Followed } from '../stream.ts';
import { Numbers } from './numbers.tsx';

const SHOWN_MAX = 100;
/** However fast messages come, the page is drawn a few times a second: that is as fast as people read. */
const DRAW_INTERVAL_MS = 250;
const RATE_WINDOW_MS = 5_000;

/** `slot`: the row of the page that shows it. A new message takes over the row of the one that it pushes out. */
interface Arrival extends Followed {
  readonly slot: number;
}

interface Tail {
  readonly shown: readonly Arrival[];
  readonly arrived: number;
  readonly perSecond: number;
}

const EMPTY: Tail = { shown: [], arrived: 0, perSecond: 0 };

export function Live() {
  const [open, setOpen] = useState(false);
  const [paused, setPaused] = useState(false);
  const tail = useTail(setOpen, paused);
  return (
    <section class="card live" aria-labelledby="live">
      <div class="card-head">
        <h2 id="live">Arriving now</h2>
        <span class={`badge ${open ? 'good' : 'warn'}`} role="status">
          {open ? (paused ? 'Paused' : 'Live') : 'Connecting'}
        </span>
        <span class="muted number rate">{formatRate(tail.perSecond)}</span>
        <button
          class="button"
          type="button"
          aria-pressed={paused}
          onClick={() => setPaused(!paused)}
        >
          <Icon name={paused ? 'play' : 'pause'} />
          {paused ? 'Continue' : 'Pause'}
        </button>
      </div>
      <p class="muted live-note">
        {tail.arrived === 0
          ? 'Messages appear here as soon as they are on disk.'
          : `${formatCount(tail.arrived)} since you opened this page; the newest ${SHOWN_MAX} are shown.`}
      </p>
      {tail.shown.length === 0 ? (
        <p class="empty">
          Nothing has arrived yet. Keep this page open, or <a href="#/send">send a test message</a>.
        </p>
      ) : (
        <ol class="tail" aria-label="Messages, newest first" tabIndex={0}>
          {tail.shown.map(({ slot, message }) => (
            <li key={slot}>
              <RowTime ts={message.ts} />
              <Numbers from={message.from} to={message.to} />
              <span class={message.text === null ? 'row-text muted' : 'row-text'} dir="auto">
                {message.text === null ? 'no text' : message.text.slice(0, 400)}
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

/** Follows the stream and draws at a steady pace. While paused, what arrives is counted and kept, not shown. */
function useTail(setOpen: (open: boolean) => void, paused: boolean): Tail {
  const [tail, setTail] = useState(EMPTY);
  const newest = useRef<Arrival[]>([]);
  const arrivals = useRef<{ atMs: number; count: number }[]>([]);
  const total = useRef(0);
  const stopped = useRef(paused);
  stopped.current = paused;
  useEffect(() => {
    const ended = new AbortController();
    const take = (messages: Followed[]): void => {
      const before = total.current;
      total.current += messages.length;
      arrivals.current.push({ atMs: performance.now(), count: messages.length });
      const added = messages.map((followed, index) => ({
        ...followed,
        slot: (before + index) % SHOWN_MAX,
      }));
      newest.current = [...newest.current, ...added].slice(-SHOWN_MAX);
    };
    void follow(ended.signal, take, setOpen);
    const timer = setInterval(() => {
      const since = performance.now() - RATE_WINDOW_MS;
      arrivals.current = arrivals.current.filter(({ atMs }) => atMs >= since);
      const perSecond =
        arrivals.current.reduce((sum, { count }) => sum + count, 0) / (RATE_WINDOW_MS / 1_000);
      setTail((before) => {
        const same =
          before.arrived === total.current &&
          before.perSecond === perSecond &&
          before.shown.at(0) === newest.current.at(-1);
        if (same) return before;
        const shown = stopped.current ? before.shown : newest.current.toReversed();
        return { shown, arrived: total.current, perSecond };
      });
    }, DRAW_INTERVAL_MS);
    return () => {
      ended.abort();
      clearInterval(timer);
    };
  }, []);
  return tail;
}
